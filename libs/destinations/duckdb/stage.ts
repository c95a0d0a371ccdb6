import { duckdbError } from './duckdb-error.js';
import type { Session } from './session.js';

/** Of the writer's own connection: nobody else sees it. Values as text, in the order of the columns, then the order of reading. */
export const STAGE = 'temp.sluice_stage';
export const ORDER = 'n';
export const staged = (index: number): string => `c${index}`;

export async function clearStage(session: Session, columns: number): Promise<void> {
  const list = [...Array.from({ length: columns }, (_, index) => `${staged(index)} VARCHAR`), `${ORDER} BIGINT`].join(', ');
  await session.query('making the stage', `CREATE OR REPLACE TEMP TABLE sluice_stage (${list})`);
}

/** Rows of a DataChunk: DuckDB's vector size. */
const ROWS_PER_CHUNK = 2_048;

/** `first` numbers the rows. `table`: of columns as the stage has them. */
export async function stageRows(
  { driver, connection }: Session,
  {
    rows,
    columns,
    first,
    table = 'sluice_stage',
  }: { rows: readonly (readonly (string | null)[])[]; columns: number; first: number; table?: string },
): Promise<void> {
  if (rows.length === 0) return;
  try {
    const { VARCHAR, BIGINT, DuckDBDataChunk } = driver;
    const appender = await connection.createAppender(table, 'main', 'temp');
    try {
      const types = [...Array.from({ length: columns }, () => VARCHAR), BIGINT];
      for (let from = 0; from < rows.length; from += ROWS_PER_CHUNK) {
        const part = rows.slice(from, from + ROWS_PER_CHUNK);
        const chunk = DuckDBDataChunk.create(types, part.length);
        chunk.setColumns([
          ...Array.from({ length: columns }, (_, index) => part.map((row) => row[index] ?? null)),
          part.map((_, index) => BigInt(first + from + index)),
        ]);
        appender.appendDataChunk(chunk);
      }
      appender.flushSync();
    } finally {
      appender.closeSync();
    }
  } catch (error) {
    throw duckdbError('filling the stage', error);
  }
}
