import { z } from 'zod';

/** How a stream's records change the destination table. */
export const WRITE_MODES = ['full_refresh_overwrite', 'incremental_append', 'incremental_upsert'] as const;
export const writeModeSchema = z.enum(WRITE_MODES);
export type WriteMode = z.infer<typeof writeModeSchema>;

/**
 * How far a position can be trusted.
 * `exact`: reading from it yields precisely what follows, whenever and by whomever.
 * `within_slice`: it holds only while one reader goes on; after an interruption the slice restarts.
 * `none`: the source gives no position; the slice restarts.
 */
export const RESUMES = ['exact', 'within_slice', 'none'] as const;
export const resumeSchema = z.enum(RESUMES);
export type Resume = z.infer<typeof resumeSchema>;
