import type { StreamTarget } from '../contracts/destination.port.js';
import { ident } from '../postgres/index.js';
import { METADATA_COLUMNS, modeColumns, type Column } from '../typing/index.js';

/** The column of digests, quoted. */
export const DIGEST = ident(METADATA_COLUMNS.digest.name);

/** Whether the table's rows have digests. */
export const hasDigests = ({ metadata = [] }: Pick<StreamTarget, 'metadata'>): boolean => metadata.includes('digest');

/** The columns that a digest is made of: what a record brought and what the mode keeps of it, not what a row says of its loading. null: rows have none. Pure. */
export const digestedColumns = (
  columns: readonly Column[],
  target: Pick<StreamTarget, 'mode' | 'deletes' | 'cursorField' | 'metadata'>,
): readonly Column[] | null => (hasDigests(target) ? [...columns, ...modeColumns(columns, target)] : null);

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

/** Digests as SQL expressions of one database, bigint. Hashes depend on no setting of a session, and stay what they are from version to version of the database. */
export interface RowDigests {
  /**
   * The digest of a row: the same expression when it is written and when it is verified, so that there is no second encoder that could disagree. `reference`: of a
   * column's value, of its type. A column that comes later, and is null in the rows of before, changes nothing. Pure.
   */
  rowDigest: (columns: readonly Column[], reference: (column: Column) => string) => string;
  /**
   * The digest of a row after its columns have changed, from the digest and the columns that it has; null: it stays. Pure. What was right stays right, and
   * what was wrong stays wrong: a digest that is simply made anew would make any row right.
   */
  redigested: (change: Redigest) => string | null;
}

/** Whether a row `t` is not what its digest was made of, or has none; null: rows have no digests. Never null as a value. Pure. */
export function digestIsWrong({ rowDigest }: RowDigests, columns: readonly Column[], target: StreamTarget): string | null {
  const digested = digestedColumns(columns, target);
  if (digested === null) return null;
  return `t.${DIGEST} IS DISTINCT FROM ${rowDigest(digested, ({ name }) => `t.${ident(name)}`)}`;
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
