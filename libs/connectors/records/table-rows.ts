import { csvRows } from './csv.js';
import { setField } from './fields.js';

/** What pandas takes for a missing value. */
const MISSING = new Set(
  ['', '#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN', '<NA>', 'N/A', 'NA', 'NULL'].concat(
    ['NaN', 'None', 'n/a', 'nan', 'null'],
  ),
);

/**
 * CSV text as `pandas.read_csv` gives it with text cells: blank lines are skipped, missing cells are null, names that repeat are numbered and
 * empty names filled. `keepsNames`: only empty cells are missing, "NA" and the like stay text. Throws SyntaxError for a row that is longer
 * than the header, as pandas does.
 */
export function tableRows(text: string, { keepsNames }: { keepsNames: boolean }): Record<string, unknown>[] {
  const records: Record<string, unknown>[] = [];
  let names: string[] | null = null;
  for (const row of csvRows(text.startsWith('\uFEFF') ? text.slice(1) : text, ',')) {
    if (row.length === 0 || (row.length === 1 && /^[ \t]+$/.test(row[0] ?? ''))) continue;
    if (names === null) {
      names = columnNames(row);
      continue;
    }
    if (row.length > names.length) throw new SyntaxError(`row ${records.length + 1} has more cells than the header`);
    const record: Record<string, unknown> = {};
    for (const [index, name] of names.entries()) {
      const cell = row[index] ?? '';
      setField(record, name, cell === '' || (!keepsNames && MISSING.has(cell)) ? null : cell);
    }
    records.push(record);
  }
  return records;
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
