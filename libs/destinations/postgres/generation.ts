import type { StreamTarget } from '../../contracts/destination.port.js';
import { qualified } from './quote.js';
import type { Session } from './session.js';

/** What names a generation: the stream's id and the generation's number. */
export interface GenerationRow {
  id: string;
  generation: number;
  /** Rows go to the generation, not to the table. */
  loading: boolean;
}

/** Generations lie in our own schema: nobody lists them, and no name of the user's can be taken. */
export const GENERATION_SCHEMA = 'sluice';

/** How the names of a stream's generations, and of what else a run leaves beside its table, begin. */
export const generationPrefix = (streamId: string): string => `generation_${streamId}_`;

export const generationTable = (row: Pick<GenerationRow, 'id' | 'generation'>): string =>
  `${generationPrefix(row.id)}${row.generation}`;

/** The relation that a run's rows go to, quoted. */
export function loadedRelation(row: GenerationRow, target: StreamTarget): string {
  return row.loading ? qualified(GENERATION_SCHEMA, generationTable(row)) : qualified(target.namespace, target.table);
}

/** Drops every generation of the stream but the one named. In the caller's transaction; no reader ever sees one. */
export async function dropGenerations(session: Session, streamId: string, except: string | null): Promise<void> {
  const what = 'dropping an abandoned generation';
  const tables = await session.query<{ relname: string }>(
    what,
    `SELECT c.relname FROM pg_catalog.pg_class c
     WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r' AND starts_with(c.relname::text, $2) AND c.relname IS DISTINCT FROM $3`,
    [GENERATION_SCHEMA, generationPrefix(streamId), except],
  );
  for (const { relname } of tables) await session.query(what, `DROP TABLE ${qualified(GENERATION_SCHEMA, relname)}`);
}
