import type { StreamTarget } from '../contracts/destination.port.js';
import type { Metadata } from '../contracts/metadata.js';
import { columnOf, namesOf, type Column } from './column.js';

/** Columns of a table that no field of a record fills. */
export const MANAGED = {
  /** scd2: from which cursor on the version holds. */
  validFrom: '_sluice_valid_from',
  /** scd2: the cursor of what ended it; null: it still holds. */
  validTo: '_sluice_valid_to',
  /** scd2: whether it still holds. */
  current: '_sluice_current',
  /** Soft deletes: whether the record is deleted at the source. */
  deleted: '_sluice_deleted',
  /** Of a table with child tables whose rows have no key: what they name the row by. */
  row: '_sluice_row',
  /** Child tables: the parent's row, and the element's place in the list, from 0. */
  parent: '_sluice_parent',
  position: '_sluice_position',
} as const;

/** What a row says of its loading, where the sync asks for it. */
export const METADATA_COLUMNS: Readonly<Record<Metadata, Column>> = {
  run: { name: '_sluice_run', path: [], type: 'text' },
  loaded_at: { name: '_sluice_loaded_at', path: [], type: 'timestamptz' },
  slice: { name: '_sluice_slice', path: [], type: 'text' },
  change: { name: '_sluice_change', path: [], type: 'text' },
  digest: { name: '_sluice_digest', path: [], type: 'bigint' },
};

/** Whether deleted rows stay, marked. */
export const marksDeleted = ({ mode, deletes }: Pick<StreamTarget, 'mode' | 'deletes'>): boolean =>
  mode === 'incremental_upsert' && (deletes?.missing === 'soft' || (deletes?.when !== undefined && deletes.as === 'soft'));

/** Whether rows have an id of their own, for the rows of child tables. */
export const hasRowIds = ({ mode, childTables = [] }: Pick<StreamTarget, 'mode' | 'childTables'>): boolean =>
  childTables.length > 0 && mode !== 'incremental_upsert';

/** What the table of a target has besides its records' columns. Pure. Times of validity have the cursor's own type: nothing of it is lost. */
export function managedColumns(
  columns: readonly Column[],
  target: Pick<StreamTarget, 'mode' | 'deletes' | 'cursorField' | 'metadata' | 'childTables'>,
): readonly Column[] {
  const row: Column[] = hasRowIds(target) ? [{ name: MANAGED.row, path: [], type: 'uuid' }] : [];
  return [...modeColumns(columns, target), ...row, ...(target.metadata ?? []).map((field) => METADATA_COLUMNS[field])];
}

/** Those of them that the mode needs, and that say something of the record. Pure. */
export function modeColumns(
  columns: readonly Column[],
  target: Pick<StreamTarget, 'mode' | 'deletes' | 'cursorField'>,
): readonly Column[] {
  if (marksDeleted(target)) return [{ name: MANAGED.deleted, path: [], type: 'boolean' }];
  const cursor = target.cursorField === null ? undefined : columnOf(columns, target.cursorField);
  if (target.mode !== 'scd2' || cursor === undefined) return [];
  const time = { path: [], type: cursor.type, ...(cursor.provisional && { provisional: cursor.provisional }) };
  return [
    { name: MANAGED.validFrom, ...time },
    { name: MANAGED.validTo, ...time },
    { name: MANAGED.current, path: [], type: 'boolean' },
  ];
}

/** Names of the columns that no two rows share: the key's, under scd2 with the version's beginning. */
export const tableKey = (
  columns: readonly Column[],
  target: Pick<StreamTarget, 'mode' | 'primaryKey' | 'cursorField'>,
): readonly string[] => [...namesOf(columns, target).primaryKey, ...(target.mode === 'scd2' ? [MANAGED.validFrom] : [])];
