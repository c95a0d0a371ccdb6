import type { StreamTarget } from '../contracts/destination.port.js';
import { ident } from '../postgres/index.js';
import { METADATA_COLUMNS, modeColumns, type Column, type ColumnType } from '../typing/index.js';

/** The column of digests, quoted. */
export const DIGEST = ident(METADATA_COLUMNS.digest.name);

/** Whether the table's rows have digests. */
export const hasDigests = ({ metadata = [] }: Pick<StreamTarget, 'metadata'>): boolean => metadata.includes('digest');

/** The columns that a digest is made of: what a record brought and what the mode keeps of it, not what a row says of its loading. null: rows have none. Pure. */
export const digestedColumns = (
  columns: readonly Column[],
  target: Pick<StreamTarget, 'mode' | 'deletes' | 'cursorField' | 'metadata'>,
): readonly Column[] | null => (hasDigests(target) ? [...columns, ...modeColumns(columns, target)] : null);

/** How one database says what a digest is made of, in SQL. */
export interface DigestDialect {
  /** The digest of a row without values. */
  none: string;
  xor: (left: string, right: string) => string;
  /**
   * The hash of a value of the column's type, seeded with the column's name; null where the value is. It depends on no setting of the session and stays what it
   * is from version to version of the database.
   */
  hashed: (value: string, column: Pick<Column, 'name' | 'type'>) => string;
  /** Columns of one form have one hash for a value that both hold. */
  form: (type: ColumnType) => string;
}

export interface Redigest {
  /** The columns that the digests were made of, with the types of then. */
  before: readonly Column[];
  /** Those that they are to be made of. */
  after: readonly Column[];
  /** Names of columns that the table has already. */
  present: ReadonlySet<string>;
  /** A value of `before` in its type of `after`. */
  converted: (from: Column, to: Column) => string;
}

/** SQL expressions of digests, bigint. */
export interface RowDigests {
  /**
   * The digest of a row: the same expression when it is written and when it is verified, so that there is no second encoder that could disagree. `reference`: of a
   * column's value, of its type. Pure.
   *
   * It is the XOR of a hash of each value that is not null. So a column that comes later, and is null in the rows of before, changes nothing, and a column that is
   * widened changes its own part only (see `redigested`).
   */
  rowDigest: (columns: readonly Column[], reference: (column: Column) => string) => string;
  /**
   * The digest of a row after its columns have changed, from the digest and the columns that it has; null: it stays. Pure. What was right stays right, and
   * what was wrong stays wrong: a digest that is simply made anew would make any row right.
   */
  redigested: (change: Redigest) => string | null;
  /** The digest of a row `alias` after one column has got another value. `value`: SQL, not null. Pure. */
  digestWith: (alias: string, column: Column, value: string) => string;
  /** Whether a row `t` is not what its digest was made of, or has none; null: rows have no digests. Never null as a value. Pure. */
  digestIsWrong: (columns: readonly Column[], target: StreamTarget) => string | null;
}

export function rowDigests({ none, xor, hashed, form }: DigestDialect): RowDigests {
  const part = (value: string, column: Column): string => `coalesce(${hashed(value, column)}, 0)`;
  /** Balanced: a table may have more columns than an expression may be deep. */
  const all = (parts: readonly string[]): string => {
    if (parts.length <= 1) return parts[0] ?? none;
    const half = Math.ceil(parts.length / 2);
    return xor(all(parts.slice(0, half)), all(parts.slice(half)));
  };
  const rowDigest: RowDigests['rowDigest'] = (columns, reference) =>
    all(columns.map((column) => part(reference(column), column)));
  return {
    rowDigest,
    redigested: ({ before, after, present, converted }) => {
      const next = new Map(after.map((column) => [column.name, column]));
      const earlier = new Set(before.map(({ name }) => name));
      const parts: string[] = [];
      for (const column of before) {
        const to = next.get(column.name);
        const same = to !== undefined && form(to.type) === form(column.type);
        if (column.provisional === true || !present.has(column.name) || same) continue;
        parts.push(part(ident(column.name), column));
        if (to !== undefined) parts.push(part(converted(column, to), to));
      }
      for (const column of after)
        if (!earlier.has(column.name) && present.has(column.name)) parts.push(part(ident(column.name), column));
      return parts.length === 0 ? null : xor(DIGEST, all(parts));
    },
    digestWith: (alias, column, value) =>
      xor(`${alias}.${DIGEST}`, all([part(`${alias}.${ident(column.name)}`, column), hashed(value, column)])),
    digestIsWrong: (columns, target) => {
      const digested = digestedColumns(columns, target);
      if (digested === null) return null;
      return `t.${DIGEST} IS DISTINCT FROM ${rowDigest(digested, ({ name }) => `t.${ident(name)}`)}`;
    },
  };
}

/** See Redigest. null also where the table has no digests yet. Pure. `digested`: what the rows were written with; empty: there are none. */
export function digestAfter(
  { redigested }: RowDigests,
  {
    target,
    digested,
    recorded,
    present,
    converted,
  }: Pick<Redigest, 'present' | 'converted'> & {
    target: StreamTarget;
    digested: readonly Column[];
    recorded: readonly Column[];
  },
): string | null {
  const [before, after] = [digestedColumns(digested, target), digestedColumns(recorded, target)];
  if (before === null || after === null || digested.length === 0 || !present.has(METADATA_COLUMNS.digest.name)) return null;
  return redigested({ before, after, present, converted });
}
