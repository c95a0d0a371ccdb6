import { z } from 'zod';

/**
 * What a row can say of its loading. `run`: the run that last wrote it; `loaded_at`: when; `slice`: the slice that it came with; `change`: what
 * that did to it: insert, update or delete.
 */
export const METADATA = ['run', 'loaded_at', 'slice', 'change'] as const;
export const metadataSchema = z.enum(METADATA);
export type Metadata = z.infer<typeof metadataSchema>;
