import { ident, literal } from '../../postgres/index.js';
import { foundTable, keysOf, relationOf, type CompareDialect, type Compared } from './compare-sql.js';

/** A full refresh replaces its table by itself, an append adds what is missing but never changes what is there, and nobody writes history anew. */
const REPAIRED_KINDS: Readonly<Record<string, readonly string[]>> = {
  incremental_upsert: ['missing', 'differing'],
  incremental_append: ['missing'],
};

/** The slice under which a repair stands in the ledger. */
export const REPAIR_SLICE = 'repair';

export const repairedKinds = (mode: string): readonly string[] => REPAIRED_KINDS[mode] ?? [];

const ofKinds = (kinds: readonly string[]): string => `f."sluice kind" IN (${kinds.map(literal).join(', ')})`;
const sameKey = (compared: Compared, left: string, right: string): string =>
  keysOf(compared)
    .map(ident)
    .map((key) => `${left}.${key} = ${right}.${key}`)
    .join(' AND ');

/** Cuts the copy down to what is to be loaded. Pure. */
export const keepStatement = (dialect: CompareDialect, compared: Compared, kinds: readonly string[]): string =>
  `DELETE FROM ${dialect.copy} s WHERE NOT EXISTS (SELECT 1 FROM ${foundTable(dialect)} f WHERE ${ofKinds(kinds)} AND ${sameKey(compared, 'f', 's')})`;

/** What was loaded is looked at again: a row that is newer by its cursor has stayed. Pure. */
export function repairedStatement(dialect: CompareDialect, compared: Compared, kinds: readonly string[]): string {
  const list = (alias: string): string => `(${compared.columns.map(({ name }) => `${alias}.${ident(name)}`).join(', ')})`;
  return `UPDATE ${foundTable(dialect)} AS f SET "sluice outcome" = 'repaired' FROM ${dialect.copy} s, ${relationOf(compared)} t
     WHERE ${ofKinds(kinds)} AND ${sameKey(compared, 's', 'f')} AND ${sameKey(compared, 't', 's')} AND ${list('t')} IS NOT DISTINCT FROM ${list('s')}`;
}

/** Pure. */
export const leftStatement = (dialect: CompareDialect): string =>
  `UPDATE ${foundTable(dialect)} SET "sluice outcome" = 'left' WHERE "sluice outcome" IS NULL`;
