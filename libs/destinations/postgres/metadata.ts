import type { StreamTarget } from '../../contracts/destination.port.js';
import type { Metadata } from '../../contracts/metadata.js';
import { METADATA_COLUMNS } from '../../typing/index.js';
import { ident, literal, qualified } from './quote.js';
import type { Session } from './session.js';
import { readTable } from './table-catalog.js';

type Target = Pick<StreamTarget, 'metadata'>;
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

const filled = ({ metadata = [] }: Target): Filled[] => metadata.filter((field): field is Filled => field !== 'digest');

const nameOf = (field: Filled): string => ident(METADATA_COLUMNS[field].name);

/** For a relation that rows are going to; null: there is nothing to set. */
export const setDefaults = (relation: string, target: Target): string | null =>
  alter(relation, filled(target), (field) => `SET DEFAULT ${DEFAULTS[field]}`);

/** Sets the defaults of the table where they are not set, in the caller's transaction: that waits for whoever reads it. */
export async function fillMetadata(session: Session, target: StreamTarget): Promise<void> {
  const names = filled(target).map((field) => METADATA_COLUMNS[field].name);
  if (names.length === 0) return;
  const table = await readTable(session, target.namespace, target.table);
  const open = table?.columns.some((column) => names.includes(column.name) && !column.filled) === true;
  const statement = setDefaults(qualified(target.namespace, target.table), target);
  if (open && statement !== null) await session.query('filling metadata columns', statement);
}

/** For a table that is to take another's place: with defaults it could not be replaced itself. */
export const dropDefaults = (relation: string, target: Target): string | null =>
  alter(relation, filled(target), () => 'DROP DEFAULT');

function alter(relation: string, metadata: readonly Filled[], action: (field: Filled) => string): string | null {
  if (metadata.length === 0) return null;
  return `ALTER TABLE ${relation} ${metadata.map((field) => `ALTER COLUMN ${nameOf(field)} ${action(field)}`).join(', ')}`;
}

/** What a writer's transactions say for the defaults. */
export const settings = (target: Target, { runId, sliceId }: { runId: string; sliceId: string }): string[] =>
  filled(target).length === 0 ? [] : [`SET LOCAL sluice.run = ${literal(runId)}`, `SET LOCAL sluice.slice = ${literal(sliceId)}`];

/** Assignments of an INSERT … ON CONFLICT that changes a row. `change`: an SQL text. */
export const touch = (target: Target, change = `'update'`): string[] =>
  filled(target).map((field) => `${nameOf(field)} = ${field === 'change' ? change : `excluded.${nameOf(field)}`}`);

/** Assignments of an UPDATE that marks rows as deleted, outside any slice. */
export const touchDeleted = (target: Target, runId: string): string[] => {
  const values: Readonly<Record<Filled, string>> = {
    run: literal(runId),
    slice: 'NULL',
    loaded_at: 'now()',
    change: `'delete'`,
  };
  return filled(target).map((field) => `${nameOf(field)} = ${values[field]}`);
};
