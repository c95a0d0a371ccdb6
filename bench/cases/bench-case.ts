import type { Measurement } from '../results.js';

/** One contestant in one mode. */
export interface BenchCase {
  name: string;
  /** Records that each run loads. */
  rows: number;
  /** Where they are afterwards, `schema.table`: dropped before each run, counted after it. */
  table: string;
  /** What else has to be undone before a run. */
  prepare?(): Promise<void>;
  run(): Promise<Measurement>;
}
