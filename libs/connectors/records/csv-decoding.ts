import { csvRows } from './csv.js';
import { setField } from './fields.js';

/** The name under which JSON shows what Python's DictReader keeps under the key None: cells beyond the header. */
const REST = 'null';

/** CSV text to one object a row, as Python's DictReader: the first row names the fields, empty rows are skipped, missing cells are null. */
export const csvDecoding =
  ({ delimiter, nulls }: { delimiter: string; nulls: ReadonlySet<string> }) =>
  (text: string): Record<string, unknown>[] => {
    const rows = csvRows(text, delimiter);
    const first = rows.next();
    const names = first.done === true ? [] : first.value;
    const records: Record<string, unknown>[] = [];
    for (const row of rows) {
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
