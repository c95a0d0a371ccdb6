import { csvRowReader, csvRows } from './csv.js';
import { setField } from './fields.js';

/** The name under which JSON shows what Python's DictReader keeps under the key None: cells beyond the header. */
const REST = 'null';

interface Dialect {
  delimiter: string;
  nulls: ReadonlySet<string>;
}

/** CSV text to one object a row, as Python's DictReader: the first row names the fields, empty rows are skipped, missing cells are null. */
export const csvDecoding =
  ({ delimiter, nulls }: Dialect) =>
  (text: string): Record<string, unknown>[] =>
    dictReader(nulls)(csvRows(text, delimiter));

/** The same for a text that comes in pieces. `last`: nothing follows. */
export function csvDecodingInPieces({ delimiter, nulls }: Dialect): (text: string, last: boolean) => Record<string, unknown>[] {
  const [rows, records] = [csvRowReader(delimiter), dictReader(nulls)];
  return (text, last) => records(rows(text, last));
}

function dictReader(nulls: ReadonlySet<string>): (rows: Iterable<string[]>) => Record<string, unknown>[] {
  let names: string[] | null = null;
  return (rows) => {
    const records: Record<string, unknown>[] = [];
    for (const row of rows) {
      if (names === null) {
        names = row;
        continue;
      }
      if (row.length === 0) continue;
      const record: Record<string, unknown> = {};
      for (const [index, name] of names.entries()) {
        const value = row[index];
        setField(record, name, value === undefined || nulls.has(value) ? null : value);
      }
      if (row.length > names.length) record[REST] = row.slice(names.length);
      records.push(record);
    }
    return records;
  };
}
