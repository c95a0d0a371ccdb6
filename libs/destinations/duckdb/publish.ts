import { ident } from '../../postgres/index.js';
import { hasRowIds, MANAGED } from '../../typing/index.js';
import { insertChildren, matchChildren } from './children/child-rows.js';
import type { Published, PublishOptions } from './loading.js';
import { mergeHistory } from './merge-history.js';
import { mergeUpsert } from './merge-upsert.js';
import { metadataOf } from './metadata.js';
import { DIGEST, digestedColumns } from '../row-digest.js';
import { DIGESTS } from './row-digest.js';
import type { Session } from './session.js';
import { ORDER, STAGE, staged } from './stage.js';
import { typed } from './types.js';

/** A chunk's rows with their ids, for their children. */
const ADDED = 'temp.sluice_added';

/** Takes the stage into the table, in the caller's transaction. */
export async function publish(session: Session, options: PublishOptions, lines: number): Promise<Published> {
  switch (options.target.mode) {
    case 'incremental_upsert': {
      const merged = await mergeUpsert(session, options, lines);
      if (options.children.length > 0) await matchChildren(session, options, options.relation, 'stage');
      return merged;
    }
    case 'scd2':
      return mergeHistory(session, options, lines);
    default:
      return append(session, options, lines);
  }
}

async function append(session: Session, options: PublishOptions, lines: number): Promise<Published> {
  const { relation, columns, target } = options;
  const what = 'loading a chunk';
  const extra = [...(hasRowIds(target) ? [[ident(MANAGED.row), 'uuid()'] as const] : []), ...metadataOf(options, 'insert')];
  const names = [...columns.map(({ name }) => ident(name)), ...extra.map(([name]) => name)];
  const values = [...columns.map(({ type }, index) => typed(staged(index), type)), ...extra.map(([, value]) => value)];
  const typedRows = `SELECT ${values.map((value, index) => `${value} AS ${names[index] ?? ''}`).join(', ')} FROM ${STAGE} ORDER BY ${ORDER}`;
  const digested = digestedColumns(columns, target);
  const digest = digested === null ? null : DIGESTS.rowDigest(digested, ({ name }) => ident(name));
  const rows = digest === null ? typedRows : `SELECT *, ${digest} AS ${DIGEST} FROM (${typedRows})`;
  if (digest !== null) names.push(DIGEST);
  const into = `INSERT INTO ${relation} (${names.join(', ')})`;
  if (options.children.length === 0) await session.query(what, `${into} ${rows}`);
  else {
    await session.query(what, `CREATE OR REPLACE TEMP TABLE sluice_added AS ${rows}`);
    await session.query(what, `${into} SELECT ${names.join(', ')} FROM ${ADDED}`);
    await insertChildren(session, options, ADDED);
    await session.query(what, `DROP TABLE ${ADDED}`);
  }
  return { inserted: lines, updated: 0, unchanged: 0, superseded: 0, deleted: 0, deduplicated: 0 };
}
