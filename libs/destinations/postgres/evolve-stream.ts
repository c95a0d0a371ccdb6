import { staleRun } from '../stale-run.js';
import type { StreamRef, StreamTarget } from '../../contracts/destination.port.js';
import { grow, type Column, type Wanted } from '../../typing/index.js';
import { isKeyed } from '../../contracts/write-mode.js';
import { loadsDirectly } from './append-stage.js';
import { generationTable, GENERATION_SCHEMA, loadedRelation } from './generation.js';
import { knownColumns, lockLanes, shareColumns } from './lanes.js';
import { growChildren } from '../children/shape-children.js';
import { childShaper } from './children/shape-children.js';
import { readKnownChildren, readLayout, recordLayout } from './layout.js';
import { remembersKeys } from '../whole-read.js';
import { retypeSeenKeys } from './seen-keys.js';
import type { Session, SessionTimeouts } from './session.js';
import { lockOwnStream, readStream } from './stream-row.js';
import { POSTGRES_RULES } from './table-rules.js';
import { shapeTable } from './target-table.js';

/** Waiting for another writer of the stream to end its chunk; whoever reads the table waits behind us. */
const EVOLVE_LOCK_MS = 15_000;

/**
 * Makes the table of a run in progress take what its records need, in one short transaction that raises the schema version: writers that know an
 * older one are refused from then on. Does nothing where another writer did the same before. Returns the version.
 *
 * Locks are taken in the order in which this mode's writers take them, so that nobody waits in a circle: a direct COPY has the table before the
 * stream's row, a merge has the row first. Errors: STALE_RUN, TABLE_SHAPE_CONFLICT, DESTINATION_BUSY.
 */
export async function evolveStream(
  session: Session,
  timeouts: SessionTimeouts,
  { ref, target, wanted }: { ref: StreamRef; target: StreamTarget; wanted: readonly Wanted[] },
): Promise<number> {
  const what = `changing the columns of ${ref.stream}`;
  return session.transaction(
    what,
    async () => {
      await session.query(what, `SET LOCAL lock_timeout = ${EVOLVE_LOCK_MS}`);
      const direct = !isKeyed(target.mode) && loadsDirectly(target);
      const before = await readStream(session, ref, { lock: false });
      if (!before) throw staleRun(ref);
      if (direct) await session.query(what, `LOCK TABLE ${loadedRelation(before, target)} IN ACCESS EXCLUSIVE MODE`);
      const lanes = await lockLanes(session, ref);
      const row = await lockOwnStream(session, ref);
      const { columns, children: present } = await readLayout(session, row);
      const known = await knownColumns(session, lanes);
      const grown = grow(
        columns,
        wanted.filter(({ child }) => child === undefined),
        {
          rules: POSTGRES_RULES.names,
          known,
          ...(target.names === undefined ? {} : { style: target.names }),
        },
      );
      const next = await shapeTable(session, { target, columns: grown, known, digested: columns, keyed: false });
      if (row.loading)
        await shapeTable(session, {
          target: { ...target, namespace: GENERATION_SCHEMA, table: generationTable(row) },
          columns: next.map(own),
          known: known.map(own),
          digested: columns,
          keyed: false,
        });
      if (remembersKeys({ ref, target }, row)) await retypeSeenKeys(session, row.id, { target, before: columns, after: next });
      const knownChildren = await readKnownChildren(
        session,
        lanes.map(({ id }) => id),
      );
      const children = await growChildren(childShaper(session, ref), {
        target,
        columns: next,
        present,
        known: knownChildren,
        wanted,
      });
      const schemaVersion = await recordLayout(session, row, { columns: next, children });
      await shareColumns(session, lanes, { id: row.id, columns: next, children });
      await session.query(what, 'UPDATE sluice.stream SET schema_version = $2 WHERE id = $1', [row.id, schemaVersion]);
      return schemaVersion;
    },
    { statementMs: timeouts.publishMs },
  );
}

/** A generation was made by nobody else. */
const own = ({ theirs: _, ...column }: Column): Column => column;
