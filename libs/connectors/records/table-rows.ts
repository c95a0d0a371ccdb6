import { csvRowReader, csvRows } from './csv.js';
import { setField } from './fields.js';

/** What pandas takes for a missing value. */
const MISSING = new Set(
  ['', '#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN', '<NA>', 'N/A', 'NA', 'NULL'].concat(
    ['NaN', 'None', 'n/a', 'nan', 'null'],
  ),
);

const withoutMark = (text: string): string => (text.startsWith('\uFEFF') ? text.slice(1) : text);

/**
 * CSV text as `pandas.read_csv` gives it with text cells: blank lines are skipped, missing cells are null, names that repeat are numbered and
 * empty names filled. `keepsNames`: only empty cells are missing, "NA" and the like stay text. Throws SyntaxError for a row that is longer
 * than the header, as pandas does.
 */
export const tableRows = (text: string, options: { keepsNames: boolean }): Record<string, unknown>[] =>
  tableReader(options)(csvRows(withoutMark(text), ','));

/** The same for a text that comes in pieces. `last`: nothing follows. */
export function tableRowsInPieces(options: { keepsNames: boolean }): (text: string, last: boolean) => Record<string, unknown>[] {
  const [rows, records] = [csvRowReader(','), tableReader(options)];
  let begun = false;
  return (text, last) => {
    const found = records(rows(begun ? text : withoutMark(text), last));
    begun ||= text !== '';
    return found;
  };
}

function tableReader({ keepsNames }: { keepsNames: boolean }): (rows: Iterable<string[]>) => Record<string, unknown>[] {
  let names: string[] | null = null;
  let count = 0;
  return (rows) => {
    const records: Record<string, unknown>[] = [];
    for (const row of rows) {
      if (row.length === 0 || (row.length === 1 && /^[ \t]+$/.test(row[0] ?? ''))) continue;
      if (names === null) {
        names = columnNames(row);
        continue;
      }
      count++;
      if (row.length > names.length) throw new SyntaxError(`row ${count} has more cells than the header`);
      const record: Record<string, unknown> = {};
      for (const [index, name] of names.entries()) {
        const cell = row[index] ?? '';
        setField(record, name, cell === '' || (!keepsNames && MISSING.has(cell)) ? null : cell);
      }
      records.push(record);
    }
    return records;
  };
}

function columnNames(header: readonly string[]): string[] {
  const names: string[] = [];
  const taken = new Set(header);
  const counts = new Map<string, number>();
  for (const [index, cell] of header.entries()) {
    const base = cell === '' ? `Unnamed: ${index}` : cell;
    let name = base;
    let count = counts.get(base) ?? 0;
    if (count > 0)
      do name = `${base}.${count++}`;
      while (taken.has(name));
    else count = 1;
    counts.set(base, count);
    taken.add(name);
    names.push(name);
  }
  return names;
}
