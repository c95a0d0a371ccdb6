import type { Metadata } from '../../libs/contracts/metadata.js';
import type { WriteMode } from '../../libs/contracts/write-mode.js';
import type { Bench } from '../with-stack.js';
import type { BenchCase } from './bench-case.js';
import { runOf } from './sluice.case.js';

/** Sluice through its public interface: a new sync of one stream, and its first run. */
export function streamCase(request: {
  name: string;
  rows: number;
  /** A connection. */
  source: string;
  stream: string;
  mode: WriteMode;
  /** Default: none. */
  metadata?: readonly Metadata[];
  bench: Bench;
  /** Between the sync's first run, which is then not measured, and its second, which is. Absent: the first run is measured. */
  again?: { before(): Promise<void>; after(table: string): Promise<void> };
}): BenchCase {
  const { name, rows, source, stream, mode, metadata, bench, again } = request;
  const { rest, stack, destination } = bench;
  const table = `bench_${name.replaceAll('-', '_')}`;
  let sync = '';
  return {
    name,
    rows,
    table: `public.${table}`,
    async prepare() {
      // a sync remembers what it has loaded, and owns its table: each run is the first of a new one
      if (sync !== '') await rest.request('DELETE', `/v1/syncs/${sync}`);
      ({ id: sync } = await rest.post<{ id: string }>('/v1/syncs', {
        ...{ name: `bench ${name}`, source_id: source, destination_id: destination },
        streams: [{ name: stream, mode, table, ...(metadata && { metadata }) }],
      }));
    },
    async run() {
      if (again === undefined) return runOf({ sync, rows, rest, stack });
      await runOf({ sync, rows, rest, stack });
      await again.before();
      const measured = await runOf({ sync, rows, rest, stack });
      await again.after(`public.${table}`);
      return measured;
    },
  };
}
