import { setTimeout as sleep } from 'node:timers/promises';
import type { RestClient } from '../../apps/demo/rest-client.js';
import type { RunView } from '../../libs/contracts/run.schema.js';
import type { WriteMode } from '../../libs/contracts/write-mode.js';
import type { Stack } from '../../libs/stack/index.js';
import { peakMemoryMb, resetPeak } from '../memory.js';
import type { Mode } from '../options.js';
import type { Measurement } from '../results.js';
import type { BenchCase } from './bench-case.js';

const WRITE_MODES: Readonly<Record<Mode, WriteMode>> = { append: 'incremental_append', upsert: 'incremental_upsert' };
const POLL_MS = 100;
/** Rows a second below which a run counts as stuck, and the time that any run may take. */
const SLOWEST = { rowsPerSecond: 1_000, atLeastMs: 120_000 };

interface Ends {
  source: string;
  destination: string;
}

/** The two connections that all runs use. */
export async function connect(rest: RestClient, stack: Stack): Promise<Ends> {
  const make = async (name: string, connector: string, config: unknown): Promise<string> =>
    (await rest.post<{ id: string }>('/v1/connections', { name, connector, config })).id;
  return {
    source: await make('bench shop', 'demo-shop', { base_url: stack.shopUrl, api_key: stack.shopApiKey, page_size: 1_000 }),
    destination: await make('bench warehouse', 'postgres', warehouseConfig(stack)),
  };
}

/** The stack's warehouse as a connection's configuration. */
export function warehouseConfig(stack: Stack) {
  const warehouse = new URL(stack.warehouseUrl);
  return {
    host: warehouse.hostname,
    port: Number(warehouse.port),
    database: warehouse.pathname.slice(1),
    user: decodeURIComponent(warehouse.username),
    password: decodeURIComponent(warehouse.password),
  };
}

/** Sluice through its public interface: a new sync, then one run of it, from the POST until the API says that it succeeded. */
export function sluiceCase(request: { mode: Mode; rows: number; rest: RestClient; stack: Stack; ends: Ends }): BenchCase {
  const { mode, rows, rest, stack, ends } = request;
  let sync: string | undefined;
  return {
    name: mode,
    rows,
    table: `public.events_${mode}`,
    async prepare() {
      // a sync remembers what it has loaded, and owns its table: each run is the first of a new one
      if (sync !== undefined) await rest.request('DELETE', `/v1/syncs/${sync}`);
      ({ id: sync } = await rest.post<{ id: string }>('/v1/syncs', {
        name: `bench ${mode}`,
        source_id: ends.source,
        destination_id: ends.destination,
        streams: [{ name: 'events', mode: WRITE_MODES[mode], table: `events_${mode}` }],
      }));
    },
    run: () => runOf({ sync: sync ?? '', rows, rest, stack }),
  };
}

/** One run of a sync, from the POST until the API says that it succeeded. */
export async function runOf(request: { sync: string; rows: number; rest: RestClient; stack: Stack }): Promise<Measurement> {
  const { sync, rows, rest, stack } = request;
  const { pid } = stack.service('worker-1');
  resetPeak(pid);
  const started = performance.now();
  const { id } = await rest.post<{ id: string }>(`/v1/syncs/${sync}/runs`);
  const run = await finished(rest, id, rows);
  const seconds = (performance.now() - started) / 1000;
  return { rows, seconds, ...workSeconds(run), peakMemoryMb: peakMemoryMb(pid) };
}

/** The run when it has succeeded; throws when it ends otherwise, or is stuck. `look` sees it each time that it is asked for. */
export async function finished(rest: RestClient, id: string, rows: number, look?: (run: RunView) => void): Promise<RunView> {
  const deadline = performance.now() + Math.max(SLOWEST.atLeastMs, (rows / SLOWEST.rowsPerSecond) * 1_000);
  for (;;) {
    const run = await rest.get<RunView>(`/v1/runs/${id}`);
    look?.(run);
    if (run.state === 'succeeded') return run;
    if (run.finished_at !== null) {
      throw new Error(`run ${id} ${run.state}: ${run.error?.code ?? ''} ${run.error?.detail ?? run.error?.title ?? ''}`.trim());
    }
    if (performance.now() > deadline) throw new Error(`run ${id} is still ${run.state} with ${run.counts.loaded} rows loaded`);
    await sleep(POLL_MS);
  }
}

/** From the worker's first step of the run to its last. */
function workSeconds({ started_at, finished_at }: RunView): Pick<Measurement, 'workSeconds'> {
  if (started_at === null || finished_at === null) return {};
  return { workSeconds: (Date.parse(finished_at) - Date.parse(started_at)) / 1000 };
}
