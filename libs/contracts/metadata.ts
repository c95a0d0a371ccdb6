import { z } from 'zod';

/**
 * What a row can say of its loading. `run`: the run that last wrote it; `loaded_at`: when; `slice`: the slice that it came with; `change`: what
 * that did to it: insert, update or delete; `digest`: of its values, by which a verification knows a row that was changed otherwise.
 */
export const METADATA = ['run', 'loaded_at', 'slice', 'change', 'digest'] as const;
export const metadataSchema = z.enum(METADATA);
export type Metadata = z.infer<typeof metadataSchema>;
