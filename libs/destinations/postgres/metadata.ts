import type { StreamTarget } from '../../contracts/destination.port.js';
import type { Metadata } from '../../contracts/metadata.js';
import { hasRowIds, MANAGED, METADATA_COLUMNS } from '../../typing/index.js';
import { ident, literal, qualified } from './quote.js';
import type { Session } from './session.js';
import { readTable } from './table-catalog.js';

type Target = Pick<StreamTarget, 'metadata' | 'mode' | 'childTables'>;
/** A digest depends on the row: whoever writes the row gives it. */
type Filled = Exclude<Metadata, 'digest'>;

/**
 * Metadata columns are filled by their defaults, from settings of the transaction: so every way into the table fills them, a COPY of rows that
 * nobody looked at too, and no merge compares them.
 */
const DEFAULTS: Readonly<Record<Filled, string>> = {
  run: `nullif(current_setting('sluice.run', true), '')`,
  slice: `nullif(current_setting('sluice.slice', true), '')`,
  loaded_at: 'now()',
  change: `'insert'`,
};

const filled = ({ metadata = [] }: Pick<Target, 'metadata'>): Filled[] =>
  metadata.filter((field): field is Filled => field !== 'digest');

const nameOf = (field: Filled): string => ident(METADATA_COLUMNS[field].name);

/** Columns that their defaults fill, with these: an id for each row, where child tables name it, is one too. */
const defaultsOf = (target: Target): { name: string; value: string }[] => [
  ...filled(target).map((field) => ({ name: METADATA_COLUMNS[field].name, value: DEFAULTS[field] })),
  ...(hasRowIds(target) ? [{ name: MANAGED.row, value: 'gen_random_uuid()' }] : []),
];

/** For a relation that rows are going to; null: there is nothing to set. */
export const setDefaults = (relation: string, target: Target): string | null =>
  alter(relation, target, (value) => `SET DEFAULT ${value}`);

/** Sets the defaults of the table where they are not set, in the caller's transaction: that waits for whoever reads it. */
export async function fillMetadata(session: Session, target: StreamTarget): Promise<void> {
  const names = defaultsOf(target).map(({ name }) => name);
  if (names.length === 0) return;
  const table = await readTable(session, target.namespace, target.table);
  const open = table?.columns.some((column) => names.includes(column.name) && !column.filled) === true;
  const statement = setDefaults(qualified(target.namespace, target.table), target);
  if (open && statement !== null) await session.query('filling metadata columns', statement);
}

/** For a table that is to take another's place: with defaults it could not be replaced itself. */
export const dropDefaults = (relation: string, target: Target): string | null => alter(relation, target, () => 'DROP DEFAULT');

function alter(relation: string, target: Target, action: (value: string) => string): string | null {
  const columns = defaultsOf(target);
  if (columns.length === 0) return null;
  return `ALTER TABLE ${relation} ${columns.map(({ name, value }) => `ALTER COLUMN ${ident(name)} ${action(value)}`).join(', ')}`;
}

/** What a writer's transactions say for the defaults. */
export const settings = (target: Pick<Target, 'metadata'>, { runId, sliceId }: { runId: string; sliceId: string }): string[] =>
  filled(target).length === 0 ? [] : [`SET LOCAL sluice.run = ${literal(runId)}`, `SET LOCAL sluice.slice = ${literal(sliceId)}`];

/** Assignments of an INSERT … ON CONFLICT that changes a row. `change`: an SQL text. */
export const touch = (target: Pick<Target, 'metadata'>, change = `'update'`): string[] =>
  filled(target).map((field) => `${nameOf(field)} = ${field === 'change' ? change : `excluded.${nameOf(field)}`}`);

/** Assignments of an UPDATE that marks rows as deleted, outside any slice. */
export const touchDeleted = (target: Pick<Target, 'metadata'>, runId: string): string[] => {
  const values: Readonly<Record<Filled, string>> = {
    run: literal(runId),
    slice: 'NULL',
    loaded_at: 'now()',
    change: `'delete'`,
  };
  return filled(target).map((field) => `${nameOf(field)} = ${values[field]}`);
};
