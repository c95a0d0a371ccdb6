/** How a stream's records change the destination table. */
export const WRITE_MODES = [
  'full_refresh_overwrite',
  'full_refresh_append',
  'incremental_append',
  'incremental_upsert',
  'scd2',
] as const;
export type WriteMode = (typeof WRITE_MODES)[number];

const FULL_REFRESH: readonly WriteMode[] = ['full_refresh_overwrite', 'full_refresh_append'];

/** Every run reads the whole stream, and its rows become visible together when it has finished. */
export const isFullRefresh = (mode: WriteMode): boolean => FULL_REFRESH.includes(mode);

/** Rows are found by the record's key. */
export const isKeyed = (mode: WriteMode): boolean => mode === 'incremental_upsert' || mode === 'scd2';

/** The modes that a stream can be synced in; without a cursor it is always read in full. */
export const streamModes = ({ cursor }: { cursor: boolean }): readonly WriteMode[] => (cursor ? WRITE_MODES : FULL_REFRESH);

/** What a destination promises for a mode: every record once, or at least once. */
export const DELIVERIES = ['exactly_once', 'at_least_once'] as const;
export type Delivery = (typeof DELIVERIES)[number];

/** How many processes can load a destination at the same time. */
export const WRITERS = ['many_processes', 'one_process'] as const;
export type Writers = (typeof WRITERS)[number];

/** The modes that a destination can load. */
export const loadableModes = (delivery: Readonly<Partial<Record<WriteMode, Delivery>>>): readonly WriteMode[] =>
  WRITE_MODES.filter((mode) => delivery[mode] !== undefined);

/**
 * How far a position can be trusted.
 * `exact`: reading from it yields precisely what follows, whenever and by whomever.
 * `within_slice`: it holds only while one reader goes on; after an interruption the slice restarts.
 * `none`: the source gives no position; the slice restarts.
 */
export const RESUMES = ['exact', 'within_slice', 'none'] as const;
export type Resume = (typeof RESUMES)[number];
