import {
  childRelation,
  clearChildren,
  parentColumns,
  quotedNames,
  removeOrphans,
  writtenColumns,
  type Family,
} from '../../children/family.js';
import type { StreamTarget } from '../../../contracts/destination.port.js';
import type { ChildTable, Column } from '../../../typing/index.js';
import { readLayout } from '../layout.js';
import type { Session } from '../session.js';
import { STAGE, staged } from '../stage.js';
import type { StreamRow } from '../stream-row.js';
import { generationOf, relationOf } from '../table.js';
import { typed } from '../types.js';
import { WANTED, wantedRows } from './wanted-rows.js';

const WHAT = 'writing child tables';

const same = (left: string, right: string, names: readonly string[]): string =>
  names.map((name) => `${left}.${name} = ${right}.${name}`).join(' AND ');

/** Adds the children of every row of a relation (quoted) of the stream's rows. In the caller's transaction. */
export async function insertChildren(session: Session, family: Family, relation: string): Promise<void> {
  for (const child of family.children) {
    await wantedRows(session, family, child, `${relation} t`);
    const names = writtenColumns(family, child).join(', ');
    await session.query(WHAT, `INSERT INTO ${childRelation(family, child)} (${names}) SELECT ${names} FROM ${WANTED}`);
    await session.query(WHAT, `DROP TABLE ${WANTED}`);
  }
}

/**
 * Makes the children of rows what the lists of these rows say, in the transaction of the merge that wrote the rows. What does not change is not written,
 * so a parent that did not change, or that was newer than its record, keeps its children as they are. `relation`: the stream's own table, quoted; `among`:
 * the keys of the stage, or every row.
 */
export async function matchChildren(session: Session, family: Family, relation: string, among: 'stage' | 'all'): Promise<void> {
  const keys = parentColumns(family);
  const stagedKeys = `(SELECT DISTINCT ${keys.map((key) => `${stagedKey(family.columns, key)} AS ${key}`).join(', ')} FROM ${STAGE})`;
  const parents = among === 'all' ? `${relation} t` : `${stagedKeys} k JOIN ${relation} t ON ${same('t', 'k', keys)}`;
  for (const child of family.children) {
    const table = childRelation(family, child);
    const own = quotedNames(child.own);
    await wantedRows(session, family, child, parents);
    const ofThese = keys.map((key, n) => `c.${own[n] ?? ''} = k.${key}`).join(' AND ');
    const scope = among === 'all' ? 'true' : `EXISTS (SELECT 1 FROM ${stagedKeys} k WHERE ${ofThese})`;
    const alike = [same('w', 'c', own), ...quotedNames(child.columns).map((name) => `w.${name} IS NOT DISTINCT FROM c.${name}`)];
    if (among === 'all') await dropDoubled(session, table, own);
    await session.query(
      WHAT,
      `DELETE FROM ${table} c WHERE ${scope} AND NOT EXISTS (SELECT 1 FROM ${WANTED} w WHERE ${alike.join(' AND ')})`,
    );
    const names = writtenColumns(family, child);
    await session.query(
      WHAT,
      `INSERT INTO ${table} (${names.join(', ')}) SELECT ${names.map((name) => `w.${name}`).join(', ')} FROM ${WANTED} w
       WHERE NOT EXISTS (SELECT 1 FROM ${table} c WHERE ${same('c', 'w', own)})`,
    );
    await session.query(WHAT, `DROP TABLE ${WANTED}`);
  }
}

/** See ChildShaper.refill. In the caller's transaction. */
export async function refillChildren(session: Session, family: Family, child: ChildTable): Promise<void> {
  const names = quotedNames(child.columns);
  await wantedRows(session, family, child, `${relationOf(family.target)} t`);
  await session.query(
    WHAT,
    `UPDATE ${childRelation(family, child)} AS c SET ${names.map((name) => `${name} = w.${name}`).join(', ')} FROM ${WANTED} w
     WHERE ${same('w', 'c', quotedNames(child.own))} AND (${names.map((name) => `w.${name} IS DISTINCT FROM c.${name}`).join(' OR ')})`,
  );
  await session.query(WHAT, `DROP TABLE ${WANTED}`);
}

/** No index keeps somebody else from writing a row twice: neither stays, so that one of them is written anew. */
async function dropDoubled(session: Session, table: string, own: readonly string[]): Promise<void> {
  const list = own.join(', ');
  await session.query(
    WHAT,
    `DELETE FROM ${table} c WHERE EXISTS (SELECT 1 FROM (SELECT ${list} FROM ${table} GROUP BY ALL HAVING count(*) > 1) d WHERE ${same('d', 'c', own)})`,
  );
}

function stagedKey(columns: readonly Column[], key: string): string {
  const index = columns.findIndex(({ name }) => quotedNames([{ name } as Column])[0] === key);
  return typed(staged(index), columns[index]?.type ?? 'text');
}

/**
 * Makes the children of a generation that has just become visible, in the same transaction, as one change of their rows. Of rows that were deleted because a
 * whole read did not see them the children go too.
 */
export async function publishChildren(session: Session, row: StreamRow, target: StreamTarget): Promise<void> {
  const layout = await readLayout(session, row);
  if (layout.children.length === 0) return;
  const family = { target, ...layout };
  const table = relationOf(target);
  if (row.loading && target.mode === 'full_refresh_append' && !row.reset)
    return insertChildren(session, family, relationOf(generationOf(row, target)));
  const statements = row.loading ? clearChildren(family) : target.deletes?.missing === 'hard' ? removeOrphans(family, table) : [];
  for (const statement of statements) await session.query(WHAT, statement);
  if (row.loading) await insertChildren(session, family, table);
}

/** Rows of a child table that are there more than once, beyond the first. */
export async function countDoubled(session: Session, { target }: Pick<Family, 'target'>, child: ChildTable): Promise<number> {
  const [found] = await session.query<{ n: number }>(
    WHAT,
    `SELECT coalesce(sum(n - 1), 0)::DOUBLE AS n FROM (
       SELECT count(*) AS n FROM ${childRelation({ target }, child)} GROUP BY ${quotedNames(child.own).join(', ')} HAVING count(*) > 1)`,
  );
  return found?.n ?? 0;
}
