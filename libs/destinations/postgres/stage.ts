import type { Column } from '../../typing/index.js';
import { orderColumn } from '../order-column.js';
import { ident } from './quote.js';
import { CLEANUP_MS, type Session } from './session.js';

/** The session's temporary stage. A frozen writer's stage is its own: it locks nothing that a successor wants, and it is gone with the session. */
export const STAGE = 'pg_temp.sluice_stage';

export interface StageOptions {
  /** Quoted relation that the rows will go to: the stage has its columns' very types. */
  relation: string;
  columns: readonly Column[];
  /** `chunk`: emptied by each commit. `slice`: filled chunk by chunk, until the slice is published. */
  keeps: 'chunk' | 'slice';
  schemaVersion: number;
}

// A heap gives freed space of earlier pages to later rows, so ctid is not the order of reading.
export { orderColumn };

/** Makes the session's stage, empty; the one of the slice before is used again where it is the same. */
export async function openStage(session: Session, { relation, columns, keeps, schemaVersion }: StageOptions): Promise<void> {
  const wanted = JSON.stringify([relation, keeps, schemaVersion, columns]);
  if (session.stage === wanted && keeps === 'chunk') return;
  session.stage = undefined;
  await session.query(
    'making a stage',
    `DROP TABLE IF EXISTS ${STAGE};
     CREATE TEMP TABLE sluice_stage ON COMMIT ${keeps === 'chunk' ? 'DELETE' : 'PRESERVE'} ROWS AS
       SELECT ${[...columns.map(({ name }) => ident(name)), `0::bigint AS ${ident(orderColumn(columns))}`].join(', ')} FROM ${relation} WITH NO DATA`,
  );
  session.stage = wanted;
}

/** Frees a whole slice's rows, which otherwise stay on disk as long as the idle session. Never throws. */
export async function dropSliceStage(session: Session): Promise<void> {
  if (session.stage === undefined || session.broken) return;
  session.stage = undefined;
  await session.query('dropping a stage', `DROP TABLE IF EXISTS ${STAGE}`, undefined, { deadlineMs: CLEANUP_MS }).catch(() => {
    session.broken = true;
  });
}
