import type { Column } from '../../../typing/index.js';
import { literal } from '../quote.js';
import type { Session } from '../session.js';

/** Whose lists they are: `anybody's` may hold what their column does not take, which is no value of it then. */
export type Lists = 'ours' | "anybody's";

/** Where every row of a table is looked at, somebody else may have written some. A server older than PostgreSQL 16 cannot tell what fits: a statement fails there. */
export async function listsOfTable(session: Session): Promise<Lists> {
  const [found] = await session.query<{ tells: boolean }>(
    'asking what the server can tell',
    `SELECT to_regprocedure('pg_catalog.pg_input_is_valid(text, text)') IS NOT NULL AS tells`,
  );
  return found?.tells === true ? "anybody's" : 'ours';
}

const RANGES: Readonly<Record<string, readonly [string, string]>> = {
  smallint: ['-32768', '32767'],
  integer: ['-2147483648', '2147483647'],
  bigint: ['-9223372036854775808', '9223372036854775807'],
};

/** The value of a field of the JSON object `element` as its column's type, in SQL. Pure. Of our own lists it fits: see ChildWatch. */
export function elementValue({ path: [field = ''], type }: Pick<Column, 'path' | 'type'>, element: string, lists: Lists): string {
  const text = `(${element} ->> ${literal(field)})`;
  const isValid = (input: string): string => `pg_catalog.pg_input_is_valid(${text}, ${literal(input)})`;
  const where = (condition: string, value: string): string =>
    lists === 'ours' ? value : `CASE WHEN ${condition} THEN ${value} END`;
  switch (type) {
    case 'jsonb':
      return `nullif(${element} -> ${literal(field)}, 'null'::jsonb)`;
    case 'text':
      return text;
    case 'smallint':
    case 'integer':
    case 'bigint': {
      const value = `${text}::numeric::${type}`; // 1.0 is an integer too
      const [least, most] = RANGES[type] ?? [];
      return where(isValid('numeric'), where(`${text}::numeric BETWEEN ${least} AND ${most}`, value));
    }
    case 'bytea': {
      const digits = `rtrim(regexp_replace(translate(${text}, '-_', '+/'), '\\s', '', 'g'), '=')`;
      const value = `decode(rpad(${digits}, (length(${digits}) + 3) / 4 * 4, '='), 'base64')`;
      return where(`${digits} ~ '^[A-Za-z0-9+/]*$' AND length(${digits}) % 4 <> 1`, value);
    }
    default:
      return where(isValid(type), `${text}::${type}`);
  }
}
