import { ident } from '../../postgres/index.js';
import type { Published, PublishOptions } from './loading.js';
import { mergeHistory } from './merge-history.js';
import { mergeUpsert } from './merge-upsert.js';
import { metadataOf } from './metadata.js';
import type { Session } from './session.js';
import { ORDER, STAGE, staged } from './stage.js';
import { typed } from './types.js';

/** Takes the stage into the table, in the caller's transaction. */
export function publish(session: Session, options: PublishOptions, lines: number): Promise<Published> {
  switch (options.target.mode) {
    case 'incremental_upsert':
      return mergeUpsert(session, options, lines);
    case 'scd2':
      return mergeHistory(session, options, lines);
    default:
      return append(session, options, lines);
  }
}

async function append(session: Session, options: PublishOptions, lines: number): Promise<Published> {
  const { relation, columns } = options;
  const extra = metadataOf(options, 'insert');
  const names = [...columns.map(({ name }) => ident(name)), ...extra.map(([name]) => name)].join(', ');
  const values = [...columns.map(({ type }, index) => typed(staged(index), type)), ...extra.map(([, value]) => value)].join(', ');
  await session.query('loading a chunk', `INSERT INTO ${relation} (${names}) SELECT ${values} FROM ${STAGE} ORDER BY ${ORDER}`);
  return { inserted: lines, updated: 0, unchanged: 0, superseded: 0, deleted: 0, deduplicated: 0 };
}
