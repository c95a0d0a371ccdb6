import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ScheduleHandle } from '@temporalio/client';
import pg from 'pg';
import type { NumbersConfig } from './numbers-source.js';
import { ApiClient } from '../api-client.js';
import { startApp, type AppProcess } from '../app-process.js';
import { createTestDatabase } from '../test-database.js';
import type { JsonObject } from '../../../libs/contracts/json.js';
import { scheduleId } from '../../../libs/contracts/workflows.js';
import type { WriteMode } from '../../../libs/contracts/write-mode.js';
import type { Schedule, SyncStream } from '../../../libs/contracts/sync-spec.schema.js';
import type { Metadata } from '../../../libs/contracts/metadata.js';
import { sealSecrets, StoreConnectionOpener, type ConnectorCatalog } from '../../../libs/connections/index.js';
import type { ConnectionOpener } from '../../../libs/contracts/connection-opener.port.js';
import { EgressAllowList } from '../../../libs/egress/allow-list.js';
import { createEgressGuard } from '../../../libs/egress/egress-guard.js';
import { TemporalRunControl } from '../../../libs/runs/index.js';
import { createSecretBox, generateApiKey, splitSecrets, type SecretBox } from '../../../libs/secrets/index.js';
import {
  contentHash,
  createPool,
  getDefaultWorkspaceId,
  getRun,
  insertConnection,
  insertSync,
  insertSyncVersion,
  listRuns,
  listRunStreams,
  inTransaction,
  migrate,
  putConnector,
  type Pool,
  type RunRow,
  type RunStreamRow,
} from '../../../libs/store/index.js';
import { dataConverter, TemporalClient } from '../../../libs/temporal/index.js';
import { fixtureCatalog } from './fixture-catalog.js';

const WORKER = resolve('dist/test/support/runs/fixture-worker.js');
const SECRET = Buffer.alloc(32, 7);

/** Short, so that tests of dying workers take seconds. */
const QUICK = {
  SLUICE_WINDOW_MS: '3000',
  SLUICE_HEARTBEAT_TIMEOUT_MS: '2500',
  SLUICE_CHUNK_ROWS: '500',
  SLUICE_CHUNK_MS: '500',
  SLUICE_RECONCILE_MS: '1000',
  SLUICE_LOST_AFTER_MS: '1000',
  SLUICE_FAILURE_BUDGET: '2',
};

export interface NewSync {
  source: NumbersConfig;
  mode: WriteMode;
  metadata?: readonly Metadata[];
  table?: string;
  schedule?: Schedule;
  /** A file below SLUICE_DUCKDB_DIR of the workers; default: the PostgreSQL destination. */
  duckdb?: string;
}

/** A control plane, a destination and a Temporal namespace of its own, and workers as separate processes. */
export class RunWorld {
  private readonly workers = new Set<ChildProcess>();
  private closers: (() => Promise<unknown>)[] = [];
  private constructor(
    readonly pool: Pool,
    readonly destination: pg.Pool,
    readonly temporal: TemporalClient,
    readonly runs: TemporalRunControl,
    readonly opener: ConnectionOpener,
    readonly workspaceId: string,
    readonly secrets: SecretBox,
    private readonly env: Record<string, string>,
  ) {}

  /** `encryption`: what goes to Temporal is encrypted. */
  static async create({ encryption = false } = {}): Promise<RunWorld> {
    const address = process.env['SLUICE_TEST_TEMPORAL_ADDRESS'];
    if (!address) throw new Error('SLUICE_TEST_TEMPORAL_ADDRESS is not set: run the tests with `npm test`');
    const control = await createTestDatabase('runs');
    const destination = await createTestDatabase('target');
    await migrate(control.url);
    const namespace = `test-${randomBytes(5).toString('hex')}`;
    await createNamespace(address, namespace);
    // The failure converter is loaded by path, from the build only; reading failures is not what tests do.
    const { payloadCodecs = [] } = dataConverter({ encryption, secretKey: SECRET, oldKeys: [] }) ?? {};
    const temporal = new TemporalClient({ address, namespace, dataConverter: { payloadCodecs } });
    const pool = createPool(control.url);
    const secrets = createSecretBox({ current: SECRET });
    const { hostname, port } = new URL(destination.url);
    const allowed = `${hostname}:${port || '5432'}`;
    const catalog = fixtureCatalog({ guard: createEgressGuard(EgressAllowList.parse(allowed)) });
    const opener = new StoreConnectionOpener({ db: pool, secrets, catalog, egress: { client: noHttp }, class: 'batch' });
    const target = new pg.Pool({ connectionString: destination.url, max: 2 });
    target.on('error', () => {});
    const env = {
      ...QUICK,
      SLUICE_DATABASE_URL: control.url,
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: namespace,
      SLUICE_EGRESS_ALLOW: allowed,
      SLUICE_TEMPORAL_ENCRYPTION: String(encryption),
      SLUICE_SECRET_KEY: SECRET.toString('base64'),
    };
    const workspaceId = await getDefaultWorkspaceId(pool);
    const world = new RunWorld(
      pool,
      target,
      temporal,
      new TemporalRunControl(pool, temporal, secrets),
      opener,
      workspaceId,
      secrets,
      env,
    );
    world.closers = [
      () => temporal.close(),
      () => pool.end(),
      () => target.end(),
      () => control.drop(),
      () => destination.drop(),
    ];
    await world.addConnectors(destination.url, secrets, catalog);
    return world;
  }

  destinationId = '';

  private async addConnectors(url: string, secrets: SecretBox, catalog: ConnectorCatalog): Promise<void> {
    const { workspaceId, pool } = this;
    await inTransaction(pool, async (tx) => {
      await putConnector(tx, { workspaceId, name: 'numbers', hash: contentHash({}), kind: 'source', manifest: null });
      await putConnector(tx, { workspaceId, name: 'postgres', hash: contentHash({}), kind: 'destination', manifest: null });
    });
    const { hostname, port, username, password, pathname } = new URL(url);
    const whole = { host: hostname, port: Number(port || 5432), user: username, password, database: pathname.slice(1) };
    const id = crypto.randomUUID();
    const parts = splitSecrets(catalog.describe({ name: 'postgres', kind: 'destination', manifest: null }).spec, whole);
    const sealed = sealSecrets(secrets, { workspaceId, id }, parts.secrets);
    await insertConnection(pool, {
      id,
      workspaceId,
      name: 'target',
      connector: 'postgres',
      config: parts.config,
      secrets: sealed,
      budget: null,
    });
    this.destinationId = id;
  }

  async createSync({ source, mode, table = 'numbers', metadata, schedule, duckdb }: NewSync): Promise<string> {
    const streams = [{ name: 'numbers', mode, table, ...(metadata && { metadata: [...metadata] }) }];
    const destinationId = duckdb === undefined ? this.destinationId : await this.addDuckdb(duckdb);
    return this.createSyncOf({ connector: 'numbers', config: source as unknown as JsonObject, streams, schedule, destinationId });
  }

  private async addDuckdb(path: string): Promise<string> {
    const { workspaceId, pool } = this;
    await inTransaction(pool, (tx) =>
      putConnector(tx, { workspaceId, name: 'duckdb', hash: contentHash({}), kind: 'destination', manifest: null }),
    );
    const id = crypto.randomUUID();
    await insertConnection(pool, {
      id,
      workspaceId,
      name: id,
      connector: 'duckdb',
      config: { path },
      secrets: null,
      budget: null,
    });
    return id;
  }

  /** A sync of a connector that is only a manifest. */
  async createManifestSync(request: {
    name: string;
    manifest: JsonObject;
    config?: JsonObject;
    streams: readonly { name: string; mode: WriteMode; table: string }[];
  }): Promise<string> {
    const { workspaceId, pool } = this;
    const { name, manifest, config = {}, streams } = request;
    const connector = { workspaceId, name, hash: contentHash(manifest), kind: 'source' as const, manifest };
    await inTransaction(pool, (tx) => putConnector(tx, connector));
    return this.createSyncOf({ connector: name, config, streams });
  }

  private async createSyncOf({
    connector,
    config,
    streams,
    schedule,
    destinationId = this.destinationId,
  }: {
    connector: string;
    config: JsonObject;
    streams: readonly SyncStream[];
    schedule?: Schedule | undefined;
    destinationId?: string;
  }): Promise<string> {
    const { workspaceId, pool } = this;
    const id = crypto.randomUUID();
    await insertConnection(pool, { id, workspaceId, name: id, connector, config, secrets: null, budget: null });
    const sync = await insertSync(pool, {
      workspaceId,
      name: id,
      sourceId: id,
      destinationId,
      schedule: schedule ?? null,
    });
    const spec = { namespace: 'public', streams: [...streams] };
    await insertSyncVersion(pool, { syncId: sync.id, version: 1, hash: contentHash(spec), spec, resets: [] });
    return sync.id;
  }

  async start(syncId: string): Promise<string> {
    return (await this.runs.start({ workspaceId: this.workspaceId, syncId, trigger: 'api' })).runId;
  }

  /**
   * An API process on the same control plane, with a key of its own, and who calls it. It makes no calls of actions by itself, so that a worker that is
   * killed has made them. Stop it before the world is closed.
   */
  async startApi(env: Record<string, string> = {}): Promise<{ api: AppProcess; client: ApiClient; key: string }> {
    const key = generateApiKey();
    const api = await startApp('api', { env: { ...this.apiEnvironment(key), ...env } });
    return { api, client: new ApiClient(api.address, key), key };
  }

  /** As startApi's, for who starts the process by other means. */
  apiEnvironment(apiKey: string): Record<string, string> {
    return { ...this.env, SLUICE_BOOTSTRAP_API_KEY: apiKey, SLUICE_API_ACTIONS: '0' };
  }

  /** For a worker's environment: it may also call this address (host:port). */
  allowing(target: string): Record<string, string> {
    return { SLUICE_EGRESS_ALLOW: `${this.env['SLUICE_EGRESS_ALLOW']},${target}` };
  }

  /** A worker process that takes work. */
  async startWorker(env: Record<string, string> = {}): Promise<ChildProcess> {
    mkdirSync('.sluice/test-logs', { recursive: true });
    const log = openSync(`.sluice/test-logs/${this.env['TEMPORAL_NAMESPACE']}.log`, 'a');
    const child = fork(WORKER, [], {
      env: { PATH: process.env['PATH'] ?? '', LOG_LEVEL: 'info', ...this.env, ...env },
      execArgv: ['--enable-source-maps'],
      stdio: ['ignore', log, log, 'ipc'],
    });
    this.workers.add(child);
    await new Promise<void>((ready, failed) => {
      child.once('message', () => ready());
      child.once('exit', (code) => failed(new Error(`the worker ended with ${code}; see .sluice/test-logs`)));
    });
    return child;
  }

  /** Polls until the run is as wanted. */
  async until(runId: string, wanted: (run: RunRow) => boolean, withinMs = 30_000): Promise<RunRow> {
    for (const deadline = Date.now() + withinMs; ; await delay(50)) {
      const run = await getRun(this.pool, { id: runId });
      if (run !== null && wanted(run)) return run;
      if (Date.now() > deadline) throw new Error(`after ${withinMs} ms the run is ${JSON.stringify(run)}`);
    }
  }

  /** Rows of the destination table, 0 while it is not there. */
  async rows(table = 'numbers'): Promise<{ count: number; distinct: number; min: number; max: number }> {
    const { rows } = await this.destination
      .query<Record<'count' | 'distinct' | 'min' | 'max', string>>(
        `SELECT count(*), count(DISTINCT id) AS distinct, coalesce(min(id), 0) AS min, coalesce(max(id), 0) AS max FROM public.${table}`,
      )
      .catch((error: unknown) => {
        if (error instanceof pg.DatabaseError && error.code === '42P01') return { rows: [] };
        throw error;
      });
    const [row] = rows;
    return {
      count: Number(row?.count ?? 0),
      distinct: Number(row?.distinct ?? 0),
      min: Number(row?.min ?? 0),
      max: Number(row?.max ?? 0),
    };
  }

  streams(runId: string): Promise<RunStreamRow[]> {
    return listRunStreams(this.pool, { runId });
  }

  /** Until the run has read so much, as the ledger says. */
  async untilRead(runId: string, atLeast: number): Promise<void> {
    while (((await this.streams(runId))[0]?.counts?.read ?? 0) < atLeast) await delay(50);
  }

  /** Run control and client of a process that looks for Temporal elsewhere. */
  withTemporalAt(address: string): { runs: TemporalRunControl; temporal: TemporalClient; workspaceId: string } {
    const temporal = new TemporalClient({ address, namespace: 'default' });
    this.closers.unshift(() => temporal.close());
    return { temporal, runs: new TemporalRunControl(this.pool, temporal, this.secrets), workspaceId: this.workspaceId };
  }

  /** The sync's schedule in Temporal, when it is there. */
  async untilSchedule(syncId: string): Promise<ScheduleHandle> {
    const handle = this.temporal.client.schedule.getHandle(scheduleId(syncId));
    for (const deadline = Date.now() + 30_000; ; await delay(100)) {
      try {
        await handle.describe();
        return handle;
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
    }
  }

  async untilRuns(syncId: string, count: number): Promise<RunRow[]> {
    for (const deadline = Date.now() + 30_000; ; await delay(100)) {
      const { rows } = await listRuns(this.pool, { workspaceId: this.workspaceId, syncId, states: null, after: null, limit: 50 });
      if (rows.length >= count) return rows;
      if (Date.now() > deadline) throw new Error(`the sync has ${rows.length} runs`);
    }
  }

  async untilRows(atLeast: number, table?: string): Promise<void> {
    while ((await this.rows(table)).count < atLeast) await delay(50);
  }

  async close(): Promise<void> {
    await Promise.all([...this.workers].map((worker) => endWorker(worker)));
    for (const close of this.closers) await close().catch(() => {});
  }
}

export async function endWorker(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await new Promise((gone) => child.once('exit', gone));
}

const noHttp = () => ({
  send: () => Promise.reject(new Error('the fixture source makes no calls')),
});

/** Registers a namespace and waits until the server serves it. */
async function createNamespace(address: string, namespace: string): Promise<void> {
  const client = new TemporalClient({ address, namespace });
  await client.call((c) =>
    c.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: { seconds: 86_400 as never } }),
  );
  for (const deadline = Date.now() + 30_000; ; await delay(200)) {
    try {
      await client.call((c) => c.workflowService.countWorkflowExecutions({ namespace, query: '' }));
      break;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
  await client.close();
}
