import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import type { jobSchema, Outcome } from '../bare-loader/job.js';
import { lastJson, runChild } from '../run-child.js';
import type { BenchCase } from './bench-case.js';

const MAIN = fileURLToPath(new URL('../bare-loader/main.js', import.meta.url));

/** The bare loader of this folder, a process of its own. */
export function bareCase(name: string, job: z.input<typeof jobSchema>): BenchCase {
  return {
    name,
    rows: job.source.totalRows,
    table: job.table,
    async run() {
      const { stdout } = await runChild(process.execPath, [MAIN, JSON.stringify(job)]);
      const { rows, seconds, peakMemoryMb } = lastJson(stdout) as unknown as Outcome;
      return { rows, seconds, peakMemoryMb };
    },
  };
}
