import { rmSync } from 'node:fs';
import type { Mode } from '../options.js';
import { runChild } from '../run-child.js';
import type { BenchCase } from './bench-case.js';

/** Other tools' programs say nothing to anyone, and find servers on this machine. */
const QUIET = {
  NO_PROXY: '127.0.0.1',
  no_proxy: '127.0.0.1',
  DO_NOT_TRACK: '1',
  DISABLE_TELEMETRY: 'true',
  INGESTR_DISABLE_TELEMETRY: 'true',
  SLING_DISABLE_TELEMETRY: 'true',
};

/** A peer that is a program of its own: from its start to its end. What it remembers between runs lies in `folder`. */
export function programCase(request: {
  peer: string;
  mode: Mode;
  rows: number;
  folder: string;
  prepare?: (schema: string) => Promise<void>;
  command: (schema: string) => { program: string; args: readonly string[]; env?: Readonly<Record<string, string>> };
}): BenchCase {
  const { peer, mode, rows, folder, prepare, command } = request;
  const schema = `bench_${peer}_${mode}`;
  return {
    name: `${peer}-${mode}`,
    rows,
    table: `${schema}.events`,
    async prepare() {
      rmSync(folder, { recursive: true, force: true });
      await prepare?.(schema);
    },
    async run() {
      const { program, args, env } = command(schema);
      const started = performance.now();
      const { peakMemoryMb } = await runChild(program, args, { env: { ...QUIET, ...env } });
      return { rows, seconds: (performance.now() - started) / 1_000, peakMemoryMb };
    },
  };
}
