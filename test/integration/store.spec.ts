import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { storeJobSlots } from '../../libs/connections/store-job-slots.js';
import * as store from '../../libs/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let pool: store.Pool;
let workspaceId: string;
let syncId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  const names = await Promise.all([store.migrate(database.url), store.migrate(database.url)]);
  expect(names.flat()).toContain('0001_control-plane');
  expect(new Set(names.flat()).size).toBe(names.flat().length);
  pool = store.createPool(database.url);
  workspaceId = await store.getDefaultWorkspaceId(pool);
  const [source, destination] = await Promise.all(
    ['source', 'destination'].map((name) =>
      store.insertConnection(pool, {
        id: randomUUID(),
        workspaceId,
        name,
        connector: 'any',
        config: { a: 1 },
        secrets: Buffer.from([1, 2]),
        budget: null,
      }),
    ),
  );
  const sync = await store.insertSync(pool, {
    workspaceId,
    name: 'orders',
    sourceId: source!.id,
    destinationId: destination!.id,
    schedule: null,
  });
  syncId = sync.id;
  await store.insertSyncVersion(pool, {
    syncId,
    version: 1,
    hash: 'h',
    spec: { namespace: 'public', streams: [{ name: 'orders', mode: 'incremental_append' }] },
    resets: [],
  });
});

afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

const newRun = (lane = 'live'): store.NewRun => {
  const id = randomUUID();
  return { id, workspaceId, syncId, lane, trigger: 'api', workflowId: `sync-run-${id}`, scheduledFor: null, resets: [] };
};

test('a second active run in a lane is refused and leaves the epoch as it was; another lane goes on', async () => {
  const first = await store.insertRun(pool, newRun());
  expect(first).toMatchObject({ state: 'queued', epoch: 1, syncVersion: 1, seq: expect.any(Number) as unknown as number });
  await expect(store.insertRun(pool, newRun())).rejects.toMatchObject({ code: 'RUN_ACTIVE' });
  expect((await store.getSync(pool, { id: syncId }))?.epoch).toBe(1);
  expect((await store.findActiveRun(pool, { syncId, lane: 'live' }))?.id).toBe(first!.id);
  const backfill = await store.insertRun(pool, newRun('backfill:1'));
  expect(backfill?.epoch).toBe(2);
  expect((await store.listActiveRunsOfSync(pool, { syncId })).map((run) => run.id)).toEqual([first!.id, backfill!.id]);
  await store.transitionRun(pool, { id: backfill!.id, to: 'cancelled' });
  await store.transitionRun(pool, { id: first!.id, to: 'cancelled' });
});

test('a run moves only as the transition table says, and keeps its times, waits and error', async () => {
  const run = await store.insertRun(pool, newRun());
  const id = run!.id;
  expect(await store.transitionRun(pool, { id, to: 'paused' })).toBeNull();
  expect((await store.transitionRun(pool, { id, to: 'running' }))?.startedAt).toBeInstanceOf(Date);
  const waiting = { reason: 'RATE_LIMITED', until: '2030-01-01T00:00:00.000Z' };
  expect((await store.transitionRun(pool, { id, to: 'rate_limited', waiting }))?.waiting).toEqual(waiting);
  expect(await store.transitionRun(pool, { id, to: 'cancelling', from: ['running'] })).toBeNull();
  expect((await store.transitionRun(pool, { id, to: 'running' }))?.waiting).toBeNull();
  const failed = await store.transitionRun(pool, { id, to: 'failed', error: { code: 'RUN_LOST', detail: 'gone' } });
  expect(failed).toMatchObject({ state: 'failed', error: { code: 'RUN_LOST', detail: 'gone' } });
  expect(failed?.finishedAt).toBeInstanceOf(Date);
  expect(await store.transitionRun(pool, { id, to: 'running' })).toBeNull();
});

test('runs are listed newest first, page by page', async () => {
  const query = { workspaceId, syncId, states: null, limit: 1 };
  const first = await store.listRuns(pool, { ...query, after: null });
  const second = await store.listRuns(pool, { ...query, after: first.next });
  expect(first.rows).toHaveLength(1);
  expect(second.rows[0]!.seq).toBeLessThan(first.rows[0]!.seq);
  expect((await store.listRuns(pool, { ...query, states: ['failed'], limit: 10, after: null })).next).toBeNull();
});

test('movers claim in plan order without meeting, take over what earlier attempts left, and only owners finish', async () => {
  const { id: runId } = (await store.insertRun(pool, newRun()))!;
  const key = { runId, stream: 'orders' };
  await store.insertRunStreams(pool, { runId, streams: ['orders', 'items'] });
  await store.insertRunStreams(pool, { runId, streams: ['orders'] });
  await store.beginPlan(pool, { ...key, state: { at: 1 }, now: new Date(0) });
  await store.beginPlan(pool, { ...key, state: null, now: new Date(1) });
  const slices = Array.from({ length: 30 }, (_, n) => ({ id: `s${n}`, spec: { n }, partition: '' }));
  await store.inTransaction(pool, async (tx) => {
    expect((await store.lockRunStream(tx, key))?.planState).toEqual({ at: 1 });
    expect(await store.insertSlices(tx, { ...key, slices })).toBe(30);
    expect(await store.insertSlices(tx, { ...key, slices: slices.slice(0, 3) })).toBe(0);
    await store.setPlanNext(tx, { ...key, next: null });
  });
  expect((await store.getRunStream(pool, key))?.planComplete).toBe(true);
  expect(await store.hasPendingSlices(pool, { ...key, atLeast: 31 })).toBe(false);

  const a1 = { mover: '0', attempt: 1 };
  expect(await store.claimNextSlices(pool, { ...key, owner: a1, limit: 1 })).toEqual([
    { slice: slices[0], claims: 1, takenOver: false },
  ]);
  expect((await store.claimNextSlices(pool, { ...key, owner: { mover: '1', attempt: 1 }, limit: 1 }))[0]?.slice.id).toBe('s1');
  const a2 = { mover: '0', attempt: 10 };
  expect(await store.claimNextSlices(pool, { ...key, owner: a2, limit: 9 })).toEqual([
    { slice: slices[0], claims: 2, takenOver: true },
  ]);
  expect(await store.takeOverSlices(pool, { ...key, owner: { mover: '0', attempt: 2 }, limit: 9 })).toEqual([]);
  expect(await store.markSlicesDone(pool, { ...key, sliceIds: ['s0'], owner: a1 })).toBe(0);
  expect(await store.markSlicesDone(pool, { ...key, sliceIds: ['s0', 's1'], owner: a2 })).toBe(1);
  expect(await store.releaseSlices(pool, { ...key, sliceIds: ['s1'], owner: { mover: '1', attempt: 1 } })).toBe(1);

  const claims = await Promise.all(
    Array.from({ length: 29 }, (_, n) =>
      store.claimNextSlices(pool, { ...key, owner: { mover: `m${n}`, attempt: 1 }, limit: 1 }),
    ),
  );
  expect(new Set(claims.map(([claim]) => claim?.slice.id)).size).toBe(29);
  expect(await store.countSlices(pool, key)).toEqual({ pending: 0, claimed: 29, done: 1, failed: 0 });
  expect(await store.countSlicesOfRuns(pool, { runIds: [runId] })).toEqual([
    { runId, stream: 'orders', pending: 0, claimed: 29, done: 1, failed: 0 },
  ]);

  const failing = { ...key, sliceId: 's1', error: { code: 'SOURCE_JOB_FAILED' as const, detail: 'three jobs' } };
  const holder = { mover: `m${claims.findIndex(([claim]) => claim?.slice.id === 's1')}`, attempt: 1 };
  expect(await store.firstSliceError(pool, key)).toBeNull();
  expect(await store.markSliceFailed(pool, { ...failing, owner: { ...holder, attempt: 2 } })).toBe(false);
  expect(await store.markSliceFailed(pool, { ...failing, owner: holder })).toBe(true);
  expect(await store.firstSliceError(pool, key)).toEqual(failing.error);
  // Nobody of this run takes it again, not even its end.
  expect(await store.claimNextSlices(pool, { ...key, owner: { ...holder, attempt: 3 }, limit: 9 })).toEqual([]);
  const reclaimed = await store.reclaimSlices(pool, { ...key, all: false, after: 0, limit: 20 });
  const rest = await store.reclaimSlices(pool, { ...key, all: false, after: reclaimed.last ?? 0, limit: 20 });
  expect([...reclaimed.slices, ...rest.slices].map(({ slice, claims: n }) => [slice.id, n])).toEqual(
    slices.slice(2).map(({ id }) => [id, 2]),
  );
  expect(await store.countSlices(pool, key)).toEqual({ pending: 28, claimed: 0, done: 1, failed: 1 });
});

test('places for jobs are the same for all who work for a connection, and one that nobody holds any more is free', async () => {
  const { sourceId } = (await store.findSync(pool, { workspaceId, id: syncId }))!;
  const other = store.createPool(database.url);
  const workers = [storeJobSlots(pool, sourceId), storeJobSlots(other, sourceId)];
  const limit = 3;
  try {
    const taken = await Promise.all(
      Array.from({ length: 20 }, (_, n) => workers[n % 2]!.take({ job: `job ${n}`, limit, holdMs: 60_000 })),
    );
    expect(taken.filter(Boolean)).toHaveLength(limit);
    const mine = taken.indexOf(true);
    // Who takes a job over keeps its place, and gives it back.
    expect(await workers[(mine + 1) % 2]!.take({ job: `job ${mine}`, limit, holdMs: 60_000 })).toBe(true);
    expect(await workers[0]!.take({ job: 'one more', limit, holdMs: 60_000 })).toBe(false);
    await workers[1]!.free({ job: `job ${mine}` });
    expect(await workers[0]!.take({ job: 'one more', limit, holdMs: 60_000 })).toBe(true);
    // A job that is there counts, and the place of a worker that died runs out.
    await workers[0]!.hold({ job: 'found', holdMs: 60_000 });
    expect(await workers[1]!.take({ job: 'late', limit: limit + 1, holdMs: 60_000 })).toBe(false);
    await workers[0]!.hold({ job: 'found', holdMs: 0 });
    expect(await workers[1]!.take({ job: 'late', limit: limit + 1, holdMs: 60_000 })).toBe(true);
    const { rows } = await pool.query<{ job: string }>('SELECT job FROM control.job_slot');
    expect(rows.filter(({ job }) => !/^[0-9a-f]{64}$/.test(job))).toEqual([]);
  } finally {
    await other.end();
  }
});

test('older counts never replace newer ones, and the log is read in order', async () => {
  const run = (await store.findActiveRun(pool, { syncId, lane: 'live' }))!;
  const counts = (read: number) => ({
    ...{ read, inserted: read, updated: 0, unchanged: 0, superseded: 0, deduplicated: 0, deleted: 0, filtered: 0 },
    ...{ quarantined: 0, discarded: 0, removed: 0, bytes: 0, chunks: 1 },
  });
  const key = { runId: run.id, stream: 'items' };
  await store.setRunStreamCounts(pool, { ...key, counts: counts(2), at: new Date(2_000) });
  await store.setRunStreamCounts(pool, { ...key, counts: counts(1), at: new Date(1_000) });
  expect((await store.getRunStream(pool, key))?.counts?.read).toBe(2);
  for (const code of ['A', 'B']) await store.appendRunLog(pool, { runId: run.id, level: 'info', code, message: code });
  const page = await store.listRunLog(pool, { runId: run.id, limit: 1, after: null });
  const rest = await store.listRunLog(pool, { runId: run.id, limit: 1, after: page.next });
  expect([...page.rows, ...rest.rows].map((row) => row.code)).toEqual(['A', 'B']);
  expect(rest.next).toBeNull();
});

test('a warning about a stream of a run is kept once, whoever tells it', async () => {
  const run = (await store.findActiveRun(pool, { syncId, lane: 'live' }))!;
  const key = { runId: run.id, stream: 'items' };
  await store.addRunStreamWarnings(pool, { ...key, warnings: ['pages are counted'] });
  await Promise.all(
    Array.from({ length: 4 }, () =>
      store.addRunStreamWarnings(pool, { ...key, warnings: ['a list is cut short', 'pages are counted'] }),
    ),
  );
  expect((await store.getRunStream(pool, key))?.warnings).toEqual(['pages are counted', 'a list is cut short']);
});

test('a transaction that throws leaves nothing behind', async () => {
  const failing = store.inTransaction(pool, async (tx) => {
    await store.putDocument(tx, { body: { kept: false } });
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await store.getDocument(pool, { hash: store.contentHash({ kept: false }) })).toBeNull();
  const hash = await store.putDocument(pool, { body: { kept: true } });
  expect(await store.getDocument(pool, { hash })).toEqual({ kept: true });
});

test('a schedule is to be applied until its latest revision was', async () => {
  const schedule = { interval_seconds: 60, timezone: 'UTC', jitter_seconds: 0, overlap: 'skip' as const, paused: false };
  const change = { workspaceId, id: syncId, name: 'orders', version: 1, schedule };
  expect((await store.updateSync(pool, change))?.scheduleRevision).toBe(1);
  expect((await store.updateSync(pool, change))?.scheduleRevision).toBe(1);
  expect(await store.listSchedulesToApply(pool, { limit: 10 })).toHaveLength(1);
  await store.markScheduleApplied(pool, { syncId, revision: 1 });
  expect(await store.listSchedulesToApply(pool, { limit: 10 })).toHaveLength(0);
  expect(await store.listScheduledSyncs(pool, { limit: 10, after: null })).toHaveLength(1);
  await store.deleteSync(pool, { workspaceId, id: syncId });
  expect(await store.listSchedulesToApply(pool, { limit: 10 })).toHaveLength(1);
});

test('an Idempotency-Key belongs to one request, until that has answered or died', async () => {
  const key = { workspaceId, key: 'k', requestHash: Buffer.from([1]) };
  const [first, second] = [randomUUID(), randomUUID()];
  expect(await store.reserveIdempotencyKey(pool, { ...key, owner: first })).toBe(true);
  expect(await store.reserveIdempotencyKey(pool, { ...key, owner: second })).toBe(false);
  await pool.query(`UPDATE control.idempotency_key SET alive_at = now() - interval '61 s'`);
  expect(await store.reserveIdempotencyKey(pool, { ...key, owner: second })).toBe(true);
  // The one that was believed dead is not heard any more.
  await store.storeIdempotentAnswer(pool, { ...key, owner: first, status: 201, headers: {}, body: 1 });
  await store.storeIdempotentAnswer(pool, { ...key, owner: second, status: 202, headers: {}, body: 2 });
  await store.releaseIdempotencyKey(pool, { ...key, owner: second });
  await pool.query(`UPDATE control.idempotency_key SET alive_at = now() - interval '61 s'`);
  expect(await store.reserveIdempotencyKey(pool, { ...key, owner: randomUUID() })).toBe(false);
  expect(await store.findIdempotencyEntry(pool, key)).toMatchObject({ status: 202, body: 2 });
  expect(await store.purgeIdempotencyKeys(pool, { days: 30 })).toBe(0);
  await pool.query(`UPDATE control.idempotency_key SET created_at = now() - interval '31 days'`);
  expect(await store.purgeIdempotencyKeys(pool, { days: 30 })).toBe(1);
});

test('a connection that ends while it is taken fails its transaction, not the process', async () => {
  const uncaught: unknown[] = [];
  const note = (error: unknown) => uncaught.push(error);
  process.on('uncaughtException', note);
  try {
    const broken = store.inTransaction(pool, async (tx) => {
      const { rows } = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await pool.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
      await tx.query('SELECT 1');
    });
    await expect(broken).rejects.toThrow();
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(uncaught).toEqual([]);
  } finally {
    process.off('uncaughtException', note);
  }
});
