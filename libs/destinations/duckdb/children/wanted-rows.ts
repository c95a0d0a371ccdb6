import { parseJson } from '../../../json/index.js';
import { isPlain, SCALAR, Unfit, type ChildTable, type Column } from '../../../typing/index.js';
import { listColumn, parentColumns, sharedMetadata, writtenColumns, type Family } from '../../children/family.js';
import { textOfValue } from '../row-encoder.js';
import type { Session } from '../session.js';
import { staged, stageRows } from '../stage.js';
import { typed } from '../types.js';

const WHAT = 'making the rows of child tables';
const PARENTS = 'temp.sluice_parents';
const ELEMENTS = 'temp.sluice_elements';
/** A relation with the columns of `writtenColumns`: see wantedRows. */
export const WANTED = 'temp.sluice_wanted';
/** Of lists, held in memory at a time; each counts for a little more than its text. */
const BATCH_BYTES = 4 * 1024 * 1024;
const LIST_BYTES = 200;

/**
 * Fills WANTED with the rows that the lists of some rows of the stream's own table say. `from`: these rows, with the alias `t`. The lists are read here
 * and not in SQL, which makes a double of each number inside JSON: digits would be lost.
 */
export async function wantedRows(session: Session, family: Family, child: ChildTable, from: string): Promise<void> {
  const list = `t.${listColumn(family, child)}`;
  const parents = parentColumns(family).map((key, n) => `t.${key} AS k${n}`);
  const metadata = sharedMetadata(family, child).map((name, n) => `t.${name} AS m${n}`);
  await session.query(
    WHAT,
    `CREATE OR REPLACE TEMP TABLE sluice_parents AS
     SELECT *, sum(strlen(list) + ${LIST_BYTES}) OVER (ORDER BY n ROWS UNBOUNDED PRECEDING) // ${BATCH_BYTES} AS batch FROM (
       SELECT row_number() OVER () AS n, ${list}::VARCHAR AS list, ${[...parents, ...metadata].join(', ')} FROM ${from}
       WHERE json_type(${list}) = 'ARRAY' AND json_array_length(${list}) > 0)`,
  );
  const fields = child.columns.length;
  const columns = Array.from({ length: fields + 2 }, (_, n) => `${staged(n)} VARCHAR`);
  await session.query(WHAT, `CREATE OR REPLACE TEMP TABLE sluice_elements (${columns.join(', ')}, n BIGINT)`);
  const batches = await session.query<{ batch: string }>(WHAT, `SELECT DISTINCT batch::VARCHAR AS batch FROM ${PARENTS}`);
  for (const { batch } of batches) {
    const rows = await session.query<{ n: string; list: string }>(
      WHAT,
      `SELECT n::VARCHAR AS n, list FROM ${PARENTS} WHERE batch = ${batch}`,
    );
    const elements = rows.flatMap(({ n, list: text }) => elementsOf(child, n, text));
    await stageRows(session, { table: 'sluice_elements', rows: elements, columns: fields + 2, first: 0 });
  }
  const values = [
    ...parents.map((_, n) => `p.k${n}`),
    `e.${staged(1)}::BIGINT`,
    ...child.columns.map(({ type }, n) => typed(`e.${staged(n + 2)}`, type)),
    ...metadata.map((_, n) => `p.m${n}`),
  ];
  const names = writtenColumns(family, child);
  await session.query(
    WHAT,
    `CREATE OR REPLACE TEMP TABLE sluice_wanted AS SELECT ${values.map((value, n) => `${value} AS ${names[n] ?? ''}`).join(', ')}
     FROM ${ELEMENTS} e JOIN ${PARENTS} p ON p.n = e.${staged(0)}::BIGINT`,
  );
  await session.query(WHAT, `DROP TABLE ${ELEMENTS}`);
  await session.query(WHAT, `DROP TABLE ${PARENTS}`);
}

/** Number of the parent, place, and the fields' texts. */
function elementsOf(child: ChildTable, parent: string, list: string): (string | null)[][] {
  const elements = parseJson(list) as readonly unknown[];
  return elements.map((element, place) => {
    const isObject = typeof element === 'object' && element !== null && !Array.isArray(element) && isPlain(element);
    const fields = (isObject ? element : { [SCALAR]: element }) as Readonly<Record<string, unknown>>;
    return [parent, String(place), ...child.columns.map((column) => fieldText(column, fields))];
  });
}

/** What the writer let pass fits (see ChildWatch); what somebody else put into the list may not, and is no value of the column. */
function fieldText({ path: [field = ''], type }: Column, fields: Readonly<Record<string, unknown>>): string | null {
  const value = Object.hasOwn(fields, field) ? fields[field] : null;
  if (value === null || value === undefined) return null;
  try {
    return textOfValue(type, value) ?? null;
  } catch (error) {
    if (error instanceof Unfit) return null;
    throw error;
  }
}
