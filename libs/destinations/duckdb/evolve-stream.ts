import type { StreamRef, StreamTarget } from '../../contracts/destination.port.js';
import { columnOf, grow, type Column, type Wanted } from '../../typing/index.js';
import { remembersKeys } from '../whole-read.js';
import { retypeSeenKeys } from './seen-keys.js';
import { knownColumns, readLanes, shareColumns } from './lanes.js';
import type { Session } from './session.js';
import { growChildren } from '../children/shape-children.js';
import { childShaper } from './children/child-shaper.js';
import { readKnownChildren, readLayout, recordLayout } from './layout.js';
import { ownStream } from './stream-row.js';
import { generationOf, shapeTable } from './table.js';
import { DUCKDB_RULES } from './types.js';

/** Makes the table of a run in progress take what its records need; writers that know older columns are refused from then on. Returns the version. */
export async function evolveStream(
  session: Session,
  { ref, target, wanted }: { ref: StreamRef; target: StreamTarget; wanted: readonly Wanted[] },
): Promise<number> {
  const what = `changing the columns of ${ref.stream}`;
  return session.transaction(what, async () => {
    const row = await ownStream(session, ref);
    const lanes = await readLanes(session, ref);
    const known = await knownColumns(session, lanes);
    const { columns: before, children: present } = await readLayout(session, row);
    const columns = grow(
      before,
      wanted.filter(({ child }) => child === undefined),
      { rules: DUCKDB_RULES.names, known, ...(target.names === undefined ? {} : { style: target.names }) },
    );
    const next = await shapeTable(session, { target, columns, known, digested: before });
    if (row.loading)
      await shapeTable(session, {
        target: { ...target, ...generationOf(row, target) },
        columns: next.map(own),
        known: known.map(own),
        digested: before,
      });
    if (remembersKeys({ ref, target }, row)) {
      const keysOf = (of: readonly Column[]) => target.primaryKey.flatMap((field) => columnOf(of, field) ?? []);
      await retypeSeenKeys(session, row.id, { before: keysOf(before), after: keysOf(next) });
    }
    const knownChildren = await readKnownChildren(
      session,
      lanes.map(({ id }) => id),
    );
    const children = await growChildren(childShaper(session, ref), {
      ...{ target, columns: next, present, known: knownChildren, wanted },
    });
    const layout = { columns: next, children };
    const version = await recordLayout(session, row, layout);
    await shareColumns(session, lanes, { id: row.id, ...layout });
    await session.query(what, 'UPDATE sluice.stream SET schema_version = $2 WHERE id = $1::BIGINT', [row.id, version]);
    return version;
  });
}

/** A generation was made by nobody else. */
const own = <T extends { theirs?: true }>({ theirs: _, ...column }: T): Omit<T, 'theirs'> => column;
