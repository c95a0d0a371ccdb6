import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import type { ApiClient } from '../support/api-client.js';
import type { AppProcess } from '../support/app-process.js';
import { ROWS, EditionsApi } from '../support/runs/editions-api.js';
import { endWorker, RunWorld } from '../support/runs/run-world.js';

let source: EditionsApi;
let world: RunWorld;
let api: AppProcess;
let client: ApiClient;
let worker: ChildProcess;
let sync: string;
/** Versions by edition. */
const versions = new Map<string, string>();

beforeAll(async () => {
  source = await EditionsApi.start();
  world = await RunWorld.create();
  ({ api, client } = await world.startApi(world.allowing(source.target)));
  worker = await world.startWorker(world.allowing(source.target));
  await add('A');
  const { hostname, port, username, password, pathname } = new URL(world.destination.options.connectionString ?? '');
  const target = { host: hostname, port: Number(port || 5432), user: username, password, database: pathname.slice(1) };
  sync = await client.created('/v1/syncs', {
    name: 'things',
    source_id: await client.created('/v1/connections', { name: 'editions', connector: 'editions', config: {} }),
    destination_id: await client.created('/v1/connections', { name: 'the target', connector: 'postgres', config: target }),
    streams: [{ name: 'things', mode: 'full_refresh_overwrite', table: 'things' }],
  });
}, 120_000);

afterAll(async () => {
  await api?.stop();
  await world?.close();
  await source?.stop();
});

async function add(edition: string, stream?: string) {
  const answer = await client.post('/v1/connectors', { name: 'editions', manifest: source.manifest(edition, stream) });
  versions.set(edition, String(answer.body['version']));
  return answer;
}

async function start(): Promise<string> {
  const run = await client.post(`/v1/syncs/${sync}/runs`);
  expect(run.status).toBe(202);
  return run.body.id ?? '';
}

const finished = (run: string) => world.until(run, ({ finishedAt }) => finishedAt !== null, 60_000);

/** How many rows of each edition the table has. */
async function editions(): Promise<Record<string, number>> {
  const { rows } = await world.destination.query<{ edition: string; n: number }>(
    'SELECT edition, count(DISTINCT id)::int AS n FROM public.things GROUP BY 1 HAVING count(*) = count(DISTINCT id)',
  );
  return Object.fromEntries(rows.map(({ edition, n }) => [edition, n]));
}

/** What the source was asked for since the last time, by edition. */
const asked = (): string[] => [...new Set(source.asked.splice(0))];

describe('a connector that changes under a sync', () => {
  it('is read as the manifest says that the run began with', async () => {
    const run = await finished(await start());
    expect(run).toMatchObject({ state: 'succeeded', manifestHash: versions.get('A') });
    expect({ rows: await editions(), asked: asked() }).toEqual({ rows: { A: ROWS }, asked: ['A'] });
  }, 90_000);

  it('changes nothing for a run that is under way, though its worker dies and another goes on, and all for the next one', async () => {
    const held = source.hold();
    const run = await start();
    await held;
    const update = await add('B');
    expect(update).toMatchObject({
      status: 201,
      body: {
        outcome: 'updated',
        changes: {
          streams_added: [],
          streams_removed: [],
          syncs: [
            {
              ...{ id: sync, name: 'things' },
              streams: [{ stream: 'things', change: 'schema', before: null, after: 'colour: string', reset_needed: false }],
            },
          ],
        },
      },
    });
    expect(versions.get('B')).not.toBe(versions.get('A'));
    expect((await client.get('/v1/connectors/editions')).body['version']).toBe(versions.get('B'));
    await endWorker(worker, 'SIGKILL');
    source.release();
    worker = await world.startWorker(world.allowing(source.target));
    expect(await finished(run)).toMatchObject({ state: 'succeeded', manifestHash: versions.get('A') });
    expect({ rows: await editions(), asked: asked() }).toEqual({ rows: { A: ROWS }, asked: ['A'] });

    expect(await finished(await start())).toMatchObject({ state: 'succeeded', manifestHash: versions.get('B') });
    expect({ rows: await editions(), asked: asked() }).toEqual({ rows: { B: ROWS }, asked: ['B'] });
    const { rows } = await world.destination.query('SELECT DISTINCT colour FROM public.things');
    expect(rows).toEqual([{ colour: 'blue' }]);
  }, 120_000);

  it('goes back to an earlier version with the next run, too', async () => {
    const back = await add('A');
    expect(back).toMatchObject({ status: 201, body: { outcome: 'updated', version: versions.get('A') } });
    expect(await finished(await start())).toMatchObject({ state: 'succeeded', manifestHash: versions.get('A') });
    expect({ rows: await editions(), asked: asked() }).toEqual({ rows: { A: ROWS }, asked: ['A'] });
  }, 90_000);

  it('fails the next run in words where the stream is not there any more, and leaves the table as it was', async () => {
    const held = source.hold();
    const running = await start();
    await held;
    const update = await add('C', 'renamed');
    expect(update.body['changes']).toMatchObject({
      ...{ streams_added: ['renamed'], streams_removed: ['things'] },
      syncs: [{ id: sync, streams: [{ stream: 'things', change: 'removed' }] }],
    });
    source.release();
    expect(await finished(running)).toMatchObject({ state: 'succeeded' });
    const failed = await finished(await start());
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'UNKNOWN_STREAM' } });
    expect({ rows: await editions(), asked: asked() }).toEqual({ rows: { A: ROWS }, asked: ['A'] });
  }, 90_000);
});
