import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { manifest, requester } from '../../libs/connectors/async/test-support.js';
import type { ApiClient } from '../support/api-client.js';
import type { AppProcess } from '../support/app-process.js';
import { startApi, type Api } from '../support/local-api.js';
import { endWorker, RunWorld } from '../support/runs/run-world.js';

/** A page of a download is 10,000 values, and handed out when the next one is there. */
const ROWS = 35_000;
const FIRST_PART = 25_000;
const ended = ({ finishedAt }: { finishedAt: Date | null }) => finishedAt !== null;

/** Jobs of slices, and what they come to: a job of a slice in `endless` never ends, in `broken` it fails, in `stubborn` it cannot be ended. */
function jobsApi() {
  const of = new Map<number, string>();
  const kinds = { endless: new Set<string>(), broken: new Set<string>(), stubborn: new Set<string>() };
  /** What a download waits for in its middle; undefined: nothing. */
  const held: { until?: Promise<void>; begun: number } = { begun: 0 };
  async function* lines(slice: string): AsyncGenerator<string> {
    held.begun += 1;
    const base = [...'xyz'].indexOf(slice) * ROWS;
    for (let n = 1; n <= ROWS; n++) {
      yield `{"id": ${base + n}}\n`;
      if (n === FIRST_PART) await held.until;
    }
  }
  const api = startApi(({ method, url, body }, base) => {
    const [, id, abort] = /^\/jobs\/(\d+)(\/abort)?$/.exec(url) ?? [];
    if (url === '/jobs') {
      of.set(of.size + 1, (JSON.parse(body) as { of: string }).of);
      return [201, { id: of.size }];
    }
    const slice = of.get(Number(id)) ?? '';
    if (abort !== undefined) return kinds.stubborn.has(slice) ? [403, {}] : [200, {}];
    if (method === 'DELETE') return [204];
    if (id === undefined) return [200, Readable.from(lines(url.slice('/file/'.length)))];
    if (kinds.broken.has(slice)) return [200, { status: 'failed' }];
    if (kinds.endless.has(slice)) return [200, { status: 'pending' }];
    return [200, { status: 'ready', urls: [`${base}/file/${slice}`] }];
  });
  return { api, kinds, held, jobsOf: (slice: string) => [...of.values()].filter((one) => one === slice).length };
}

describe('jobs at a source, from the REST API into PostgreSQL', () => {
  const { api: starting, kinds, held, jobsOf } = jobsApi();
  let jobs: Api;
  let world: RunWorld;
  let api: AppProcess;
  let client: ApiClient;
  let target: string;
  const asked = (call: string): number => jobs.asked.filter((one) => one === call).length;
  const allowed = () => world.allowing(jobs.base.slice('http://'.length));

  beforeAll(async () => {
    jobs = await starting;
    world = await RunWorld.create();
    ({ api, client } = await world.startApi(allowed()));
    const { hostname, port, username, password, pathname } = new URL(world.destination.options.connectionString ?? '');
    const config = { host: hostname, port: Number(port || 5432), user: username, password, database: pathname.slice(1) };
    target = await client.created('/v1/connections', { name: 'the target', connector: 'postgres', config });
  }, 60_000);

  beforeEach(() => {
    for (const kind of Object.values(kinds)) kind.clear();
  });

  afterAll(async () => {
    await api?.stop();
    await world?.close();
    await jobs?.close();
  });

  /** A sync of one stream, a slice for each of the values. */
  async function createSync(name: string, values: readonly string[]): Promise<string> {
    const definition = {
      ...manifest({
        creation_requester: requester('/jobs', { http_method: 'POST', request_body_json: { of: '{{ stream_partition.of }}' } }),
        polling_requester: requester('/jobs/{{ creation_response.id }}'),
        abort_requester: requester('/jobs/{{ creation_response.id }}/abort', { http_method: 'POST' }),
        delete_requester: requester('/jobs/{{ creation_response.id }}', { http_method: 'DELETE' }),
        partition_router: { type: 'ListPartitionRouter', cursor_field: 'of', values },
        download_decoder: { type: 'JsonlDecoder' },
      }),
      max_concurrent_async_job_count: values.length,
    };
    await client.created('/v1/connectors', { name, manifest: definition });
    const source = await client.created('/v1/connections', { name, connector: name, config: { base: jobs.base } });
    const streams = [{ name: 'reports', mode: 'full_refresh_overwrite', table: name }];
    return client.created('/v1/syncs', { name, source_id: source, destination_id: target, streams });
  }

  async function start(sync: string): Promise<string> {
    const run = await client.post(`/v1/syncs/${sync}/runs`);
    expect(run.status).toBe(202);
    return run.body.id ?? '';
  }
  const log = async (run: string) => (await client.get(`/v1/runs/${run}/log?limit=100`)).body.data;
  const slots = async () => (await world.pool.query<{ job: string }>('SELECT job FROM control.job_slot')).rows.length;

  it('a download goes on after kill -9 of the worker in the middle of it, of the same job, exactly once', async () => {
    let release = (): void => undefined;
    held.until = new Promise<void>((resolve) => (release = resolve));
    const worker = await world.startWorker(allowed());
    const run = await start(await createSync('killed', ['x']));
    await world.untilRead(run, 10_000);
    await endWorker(worker, 'SIGKILL');
    expect((await world.until(run, () => true)).finishedAt).toBeNull();
    // A slow machine's window may end before the first page, and begin the download once more.
    const { begun } = held;
    delete held.until;
    release();
    await world.startWorker(allowed());
    expect(await world.until(run, ended, 60_000)).toMatchObject({ state: 'succeeded', error: null });
    expect(await world.rows('killed')).toEqual({ count: ROWS, distinct: ROWS, min: 1, max: ROWS });
    expect(jobsOf('x')).toBe(1);
    expect(held.begun).toBeGreaterThan(begun);
    // What it made is deleted once it was read, and its place is free.
    expect([asked('DELETE /jobs/1'), await slots()]).toEqual([1, 0]);
  }, 90_000);

  it('a job that fails does not stop the others; the stream fails in the end, and another run asks for it again', async () => {
    kinds.broken.add('y');
    const sync = await createSync('failing', ['x', 'y', 'z']);
    const [x, z] = [jobsOf('x'), jobsOf('z')];
    const run = await start(sync);
    expect(await world.until(run, ended, 60_000)).toMatchObject({
      state: 'failed',
      error: { code: 'SOURCE_JOB_FAILED', stream: 'reports', details: { jobs: 3, failed_slices: 1 } },
    });
    // One more where an attempt was lost between the source's answer and the commit.
    expect(jobsOf('y')).toBeGreaterThanOrEqual(3);
    expect(Math.min(jobsOf('x') - x, jobsOf('z') - z)).toBeGreaterThan(0);
    const view = (await client.get(`/v1/runs/${run}`)).body as { streams?: object[] };
    expect(view.streams?.[0]).toMatchObject({ state: 'failed', slices: { planned: 3, done: 2, failed: 1, complete: true } });
    // A partial read is never made visible.
    expect((await world.rows('failing')).count).toBe(0);
    kinds.broken.delete('y');
    expect(await world.until(await start(sync), ended, 60_000)).toMatchObject({ state: 'succeeded' });
    expect(await world.rows('failing')).toMatchObject({ count: 3 * ROWS, distinct: 3 * ROWS });
  }, 120_000);

  it('a paused run keeps its job, a cancelled one gives it up, also where the source does not end it', async () => {
    kinds.endless.add('x').add('y');
    kinds.stubborn.add('y');
    const sync = await createSync('cancelled', ['x', 'y']);
    const before = jobs.asked.length;
    const calls = (what: RegExp): string[] => jobs.asked.slice(before).filter((call) => what.test(call));
    const run = await start(sync);
    while (calls(/^GET \/jobs/).length < 2) await delay(20);
    expect(await slots()).toBe(2);
    expect((await client.post(`/v1/runs/${run}:pause`)).status).toBe(202);
    await world.until(run, ({ state }) => state === 'paused');
    expect(calls(/abort|DELETE/)).toEqual([]);
    expect((await client.post(`/v1/runs/${run}:cancel`)).status).toBe(202);
    expect(await world.until(run, ended, 60_000)).toMatchObject({ state: 'cancelled', error: null });
    expect(await log(run)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ code: 'stream.jobs_abandoned', details: { jobs: 1 } }),
        expect.objectContaining({ code: 'SOURCE_AUTH_FAILED', level: 'warn', stream: 'reports' }),
      ]),
    );
    expect(calls(/abort/)).toHaveLength(2);
    expect(calls(/DELETE/)).toHaveLength(2);
    expect(await slots()).toBe(0);
    kinds.endless.clear();
    expect(await world.until(await start(sync), ended, 60_000)).toMatchObject({ state: 'succeeded' });
    expect(await world.rows('cancelled')).toMatchObject({ count: 2 * ROWS, distinct: 2 * ROWS });
  }, 120_000);
});
