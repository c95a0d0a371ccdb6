import { z } from 'zod';

/** What the bare loader is told, as JSON in its first argument. */
export const jobSchema = z.strictObject({
  databaseUrl: z.string(),
  source: z.strictObject({
    /** Of the API; `path` is asked with `limit` and either `cursor` or `offset`. */
    origin: z.url(),
    path: z.string().startsWith('/'),
    headers: z.record(z.string(), z.string()).default({}),
    pagination: z.enum(['cursor', 'offset']),
    pageRows: z.int().min(1).default(1_000),
    /** Offsets need to know where the data ends. */
    totalRows: z.int().min(1),
  }),
  /** Name of the table, possibly with a schema; it is made when it is not there. */
  table: z.string().regex(/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/),
  columns: z.array(z.tuple([z.string().regex(/^[a-z_][a-z0-9_]*$/), z.string().regex(/^[a-z0-9]+$/)])).min(1),
  mode: z.enum(['append', 'upsert']),
  /** Unique key of the table; none: a heap. */
  key: z.string().nullable(),
  /** Upsert: a row is replaced only by one whose cursor is not older. */
  cursor: z.string().nullable(),
  chunkRows: z.int().min(1).default(20_000),
  connections: z.int().min(1).max(8).default(2),
});
export type Job = z.infer<typeof jobSchema>;

/** What it prints as its last line. Seconds from connecting to the last commit: Node's own start left out. */
export interface Outcome {
  rows: number;
  seconds: number;
  peakMemoryMb: number;
}
