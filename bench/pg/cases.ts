import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RestClient } from '../../apps/demo/rest-client.js';
import type { WriteMode } from '../../libs/contracts/write-mode.js';
import type { Stack } from '../../libs/stack/index.js';
import type { BenchCase } from '../cases/bench-case.js';
import { runOf } from '../cases/sluice.case.js';
import { lastJson, runChild } from '../run-child.js';
import type { Measurement } from '../results.js';
import { columnsWith, TABLE, withClient } from './source-table.js';

const PEER = fileURLToPath(new URL('./peer-main.js', import.meta.url));

export interface PgBench {
  rows: number;
  sourceUrl: string;
  warehouseUrl: string;
}

/** Sluice through its public interface: a new sync and its first run. */
export function sluicePgCase(
  request: PgBench & {
    name: string;
    mode: WriteMode;
    rest: RestClient;
    stack: Stack;
    ends: { source: string; destination: string };
  },
): BenchCase {
  const { name, mode, rows, rest, stack, ends } = request;
  let sync: string | undefined;
  return {
    name,
    rows,
    table: `public.${name}`,
    async prepare() {
      if (sync !== undefined) await rest.request('DELETE', `/v1/syncs/${sync}`);
      ({ id: sync } = await rest.post<{ id: string }>('/v1/syncs', {
        ...{ name: `bench ${name}`, source_id: ends.source, destination_id: ends.destination },
        streams: [{ name: TABLE, mode, table: name }],
      }));
    },
    run: () => runOf({ sync: sync ?? '', rows, rest, stack }),
  };
}

/** One of peer-main's loaders. */
export function peerCase(kind: 'merge' | 'cursor', { rows, sourceUrl, warehouseUrl }: PgBench): BenchCase {
  const table = `public.bare_${kind}`;
  return {
    name: `bare-${kind}`,
    rows,
    table,
    async run() {
      const { stdout } = await runChild(process.execPath, [PEER, kind, sourceUrl, warehouseUrl, table]);
      return lastJson(stdout) as unknown as Measurement;
    },
  };
}

/** null: there is no psql here. */
export function psqlVersion(): string | null {
  try {
    return execFileSync('psql', ['--version'], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}

/** `psql COPY | psql COPY`, into a table without a key. */
export function pipeCase({ rows, sourceUrl, warehouseUrl }: PgBench): BenchCase {
  const table = 'public.psql_pipe';
  return {
    name: 'psql-pipe',
    rows,
    table,
    async run() {
      const started = performance.now();
      await withClient(warehouseUrl, (client) => client.query(`CREATE TABLE ${table} (${columnsWith({ key: false })})`));
      const script = `set -o pipefail; psql -qX -v ON_ERROR_STOP=1 -d "$FROM" -c 'COPY ${TABLE} TO STDOUT' | psql -qX -v ON_ERROR_STOP=1 -d "$TO" -c 'COPY ${table} FROM STDIN'`;
      const { peakMemoryMb } = await runChild('bash', ['-c', script], { env: { FROM: sourceUrl, TO: warehouseUrl } });
      return { rows, seconds: (performance.now() - started) / 1000, peakMemoryMb };
    },
  };
}
