import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseJson } from '../../libs/json/index.js';
import { findCorpus } from '../conformance/corpus.js';
import { startRecordedServer, type RecordedServer } from '../conformance/recorded-server.js';
import type { ApiClient } from '../support/api-client.js';
import type { AppProcess } from '../support/app-process.js';
import { tableLikeRecords } from '../support/runs/table-records.js';
import { endWorker, RunWorld } from '../support/runs/run-world.js';

/** Without a corpus beside the checkout these tests are skipped. */
const corpus = findCorpus();
const RECORDED_AT = '127.0.0.1:8799';
/** Their requests do not depend on the time of day. Between them: partitions from parents, several levels deep; OAuth; pages of every kind. */
const PLAIN = ['bitly', 'zoho-bigin'];
const KILLED = 'cin7';
/** In the middle of its 49. */
const KILLED_AFTER_REQUESTS = 12;

type Records = Record<string, Record<string, unknown>[]>;

interface Played {
  server: RecordedServer;
  log: string;
  local: (file: string) => string;
  records: Records;
}

const ended = ({ finishedAt }: { finishedAt: Date | null }) => finishedAt !== null;

(corpus === undefined ? describe.skip : describe)('real manifests, from the REST API into PostgreSQL', () => {
  const cases = new Map<string, Played>();
  const work = mkdtempSync(join(tmpdir(), 'connectors-'));
  let world: RunWorld;
  let api: AppProcess;
  let client: ApiClient;
  let worker: ChildProcess;
  let target: string;
  const allowed = (): Record<string, string> =>
    world.allowing([...cases.values()].map(({ server }) => `127.0.0.1:${server.port}`).join(','));

  beforeAll(async () => {
    for (const name of [...PLAIN, KILLED]) {
      const folder = join(corpus ?? '', 'cases', name);
      const log = join(work, `${name}.jsonl`);
      const server = await startRecordedServer({ corpus: corpus ?? '', folder, run: 1, log });
      const local = (file: string): string =>
        readFileSync(join(folder, file), 'utf8').replaceAll(RECORDED_AT, `127.0.0.1:${server.port}`);
      const { run1 } = parseJson(local('expected.json')) as { run1: { records: Records } };
      cases.set(name, { server, log, local, records: run1.records });
    }
    world = await RunWorld.create();
    ({ api, client } = await world.startApi(allowed()));
    worker = await world.startWorker(allowed());
    target = await createTarget();
  }, 120_000);

  afterAll(async () => {
    await api?.stop();
    await world?.close();
    for (const { server } of cases.values()) await server.stop();
    rmSync(work, { recursive: true, force: true });
  });

  function createTarget(): Promise<string> {
    const { connectionString = '' } = world.destination.options;
    const { hostname, port, username, password, pathname } = new URL(connectionString);
    const config = { host: hostname, port: Number(port || 5432), user: username, password, database: pathname.slice(1) };
    return client.created('/v1/connections', { name: 'the target', connector: 'postgres', config });
  }

  /** The manifest as it is, a connection, a sync of all its streams, and the start of a run. */
  async function start(name: string): Promise<string> {
    const { local, records } = cases.get(name) as Played;
    await client.created(`/v1/connectors?name=${name}`, local('manifest.yaml'), { 'content-type': 'application/yaml' });
    const config = JSON.parse(local('config.json')) as unknown;
    const source = await client.created('/v1/connections', { name, connector: name, config });
    const sync = await client.post('/v1/syncs', {
      name,
      source_id: source,
      destination_id: target,
      streams: Object.keys(records).map((stream) => ({
        name: stream,
        mode: 'full_refresh_overwrite',
        table: tableOf(name, stream),
      })),
    });
    if (sync.status !== 201) throw new Error(`POST /v1/syncs answered ${sync.status}: ${sync.text}`);
    const run = await client.post(`/v1/syncs/${sync.body.id}/runs`);
    expect(run.status).toBe(202);
    return run.body.id ?? '';
  }

  async function expectEverything(name: string): Promise<void> {
    const { records } = cases.get(name) as Played;
    for (const [stream, wanted] of Object.entries(records)) {
      const { rows, like } = await tableLikeRecords(world.destination, tableOf(name, stream));
      expect({ stream, records: rows }).toEqual({ stream, records: like(wanted) });
    }
  }

  it.each(PLAIN)(
    '%s lands every record once',
    async (name) => {
      const run = await start(name);
      expect(await world.until(run, ended, 60_000)).toMatchObject({ state: 'succeeded', error: null });
      await expectEverything(name);
    },
    90_000,
  );

  it(`${KILLED} goes on after kill -9 of the worker in the middle of it`, async () => {
    const { server, log } = cases.get(KILLED) as Played;
    const asked = (): number => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0);
    const run = await start(KILLED);
    while (asked() < KILLED_AFTER_REQUESTS) await delay(2);
    // Requests wait from now on, so that the worker is in the middle of the run when it dies.
    server.signal('SIGSTOP');
    await endWorker(worker, 'SIGKILL');
    expect((await world.until(run, () => true)).finishedAt).toBeNull();
    server.signal('SIGCONT');
    worker = await world.startWorker(allowed());
    expect(await world.until(run, ended, 60_000)).toMatchObject({ state: 'succeeded', error: null });
    await expectEverything(KILLED);
  }, 120_000);
});

const tableOf = (name: string, stream: string): string =>
  `${name}_${stream}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, 60);
