import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { listRunLog, listRunStreams } from '../../libs/store/index.js';
import { Gate } from '../support/runs/gate.js';
import { endWorker, RunWorld } from '../support/runs/run-world.js';

const whole = (rows: number) => ({ count: rows, distinct: rows, min: 1, max: rows });
const ended = ({ finishedAt }: { finishedAt: Date | null }) => finishedAt !== null;

describe('a sync run on real Temporal and real PostgreSQL', () => {
  let world: RunWorld;
  let worker: ChildProcess;
  beforeAll(async () => {
    world = await RunWorld.create();
    worker = await world.startWorker();
  });
  afterAll(() => world?.close());

  it('lands every record once, shows its counts, and reads only what is new the next time', async () => {
    const sync = await world.createSync({ source: { rows: 5_000, slices: 3 }, mode: 'incremental_append', table: 'plain' });
    const run = await world.start(sync);
    expect(await world.until(run, ended)).toMatchObject({ state: 'succeeded', error: null });
    expect(await world.rows('plain')).toEqual(whole(5_000));
    const [stream] = await listRunStreams(world.pool, { runId: run });
    expect(stream).toMatchObject({ state: 'finished', counts: { read: 5_000, inserted: 5_000, quarantined: 0 } });

    const second = await world.start(sync);
    expect(await world.until(second, ended)).toMatchObject({ state: 'succeeded' });
    expect(await world.rows('plain')).toEqual(whole(5_000));
  });

  it.each(['incremental_append', 'incremental_upsert', 'full_refresh_overwrite'] as const)(
    'goes on after kill -9 of its worker, without loss or duplicate, in mode %s',
    async (mode) => {
      const table = `killed_${mode}`;
      const gate = new Gate();
      const source = { rows: 12_000, slices: 2, gate: { at: 4_000, file: gate.file } };
      const sync = await world.createSync({ source, mode, table });
      const run = await world.start(sync);
      await gate.reached();
      await world.untilRead(run, 3_000);
      await endWorker(worker, 'SIGKILL');
      expect((await world.streams(run))[0]?.counts?.read).toBeLessThan(12_000);
      gate.open();
      worker = await world.startWorker();
      expect(await world.until(run, ended)).toMatchObject({ state: 'succeeded', error: null });
      expect(await world.rows(table)).toEqual(whole(12_000));
    },
  );

  it('reads a slice that cannot be resumed again from its beginning, and publishes it once', async () => {
    const gate = new Gate();
    const source = { rows: 6_000, resume: 'none' as const, gate: { at: 4_000, file: gate.file } };
    const sync = await world.createSync({ source, mode: 'incremental_append', table: 'staged' });
    const run = await world.start(sync);
    await gate.reached();
    await endWorker(worker, 'SIGKILL');
    expect((await world.rows('staged')).count).toBe(0);
    gate.open();
    worker = await world.startWorker();
    expect(await world.until(run, ended)).toMatchObject({ state: 'succeeded' });
    expect(await world.rows('staged')).toEqual(whole(6_000));
  });

  it('is not blocked by a worker that froze, and accepts nothing from it when it wakes up', async () => {
    const gate = new Gate();
    const source = { rows: 16_000, slices: 2, gate: { at: 5_000, file: gate.file } };
    const sync = await world.createSync({ source, mode: 'incremental_append', table: 'frozen' });
    const run = await world.start(sync);
    await gate.reached();
    const frozen = worker;
    frozen.kill('SIGSTOP');
    const { count } = await world.rows('frozen');
    gate.open();
    worker = await world.startWorker();
    await world.untilRows(count + 2_000, 'frozen');
    frozen.kill('SIGCONT');
    expect(await world.until(run, ended)).toMatchObject({ state: 'succeeded', error: null });
    expect(await world.rows('frozen')).toEqual(whole(16_000));
    await endWorker(frozen);
  });

  it('hands its windows over when its worker is asked to end', async () => {
    const sync = await world.createSync({
      source: { rows: 12_000, pauseMs: 30 },
      mode: 'incremental_append',
      table: 'rolled',
    });
    const run = await world.start(sync);
    await world.untilRows(500, 'rolled');
    const next = world.startWorker();
    await endWorker(worker, 'SIGTERM');
    worker = await next;
    expect(await world.until(run, ended)).toMatchObject({ state: 'succeeded' });
    expect(await world.rows('rolled')).toEqual(whole(12_000));
    const { rows: log } = await listRunLog(world.pool, { runId: run, after: null, limit: 50 });
    expect(log.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('goes on in a new history when the old one is long, paused or not', async () => {
    await endWorker(worker);
    worker = await world.startWorker({ SLUICE_CONTINUE_AFTER_EVENTS: '30', SLUICE_WINDOW_MS: '300' });
    const source = { rows: 20_000, slices: 2, pauseMs: 20 };
    const sync = await world.createSync({ source, mode: 'incremental_append', table: 'continued' });
    const run = await world.start(sync);
    const key = { workspaceId: world.workspaceId, runId: run };
    await world.untilRows(3_000, 'continued');
    await world.runs.pause(key);
    await world.until(run, ({ state }) => state === 'paused');
    await world.runs.resume(key);
    const { firstExecutionId } = await world.until(run, ended);
    expect(await world.until(run, ended)).toMatchObject({ state: 'succeeded' });
    expect(await world.rows('continued')).toEqual(whole(20_000));
    const last = await world.temporal.client.workflow.getHandle(`sync-run-${run}`).describe();
    expect(last.runId).not.toBe(firstExecutionId);
    await endWorker(worker);
    worker = await world.startWorker();
  });

  it('pauses with everything read committed, and resumes from there', async () => {
    const sync = await world.createSync({ source: { rows: 10_000, pauseMs: 30 }, mode: 'incremental_append', table: 'paused' });
    const run = await world.start(sync);
    const key = { workspaceId: world.workspaceId, runId: run };
    await world.untilRows(500, 'paused');
    expect(await world.runs.pause(key)).toMatchObject({ state: 'pausing' });
    await world.until(run, ({ state }) => state === 'paused');
    const atPause = await world.rows('paused');
    expect(atPause.count).toBeLessThan(10_000);
    await expect(world.runs.start({ workspaceId: world.workspaceId, syncId: sync, trigger: 'api' })).rejects.toMatchObject({
      code: 'RUN_ACTIVE',
      details: { run },
    });
    expect(await world.rows('paused')).toEqual(atPause);
    expect(await world.runs.resume(key)).toMatchObject({ state: 'running' });
    expect(await world.until(run, ended)).toMatchObject({ state: 'succeeded' });
    expect(await world.rows('paused')).toEqual(whole(10_000));
    await expect(world.runs.pause(key)).rejects.toMatchObject({ code: 'RUN_NOT_ACTIVE' });
  });

  it('keeps what was committed when it is cancelled, and the next run goes on from there', async () => {
    const sync = await world.createSync({ source: { rows: 8_000, pauseMs: 30 }, mode: 'incremental_append', table: 'cancelled' });
    const run = await world.start(sync);
    const key = { workspaceId: world.workspaceId, runId: run };
    await world.untilRows(500, 'cancelled');
    expect(await world.runs.cancel(key)).toMatchObject({ state: 'cancelling' });
    expect(await world.until(run, ended)).toMatchObject({ state: 'cancelled' });
    const { count } = await world.rows('cancelled');
    expect(count).toBeGreaterThanOrEqual(500);
    const retried = await world.runs.retry(key);
    expect(await world.until(retried.runId, ended)).toMatchObject({ state: 'succeeded', trigger: 'retry' });
    expect(await world.rows('cancelled')).toEqual(whole(8_000));
  });

  it('fails at once with code, stream and next step when trying again cannot help, and keeps what it has', async () => {
    const source = { rows: 3_000, fail: { code: 'SOURCE_AUTH_FAILED' as const, at: 2_000 } };
    const sync = await world.createSync({ source, mode: 'incremental_append', table: 'refused' });
    const run = await world.start(sync);
    const failed = await world.until(run, ended);
    expect(failed).toMatchObject({
      state: 'failed',
      error: { code: 'SOURCE_AUTH_FAILED', stream: 'numbers', detail: 'as ordered' },
    });
    expect(await world.rows('refused')).toEqual(whole(1_900));
    const { rows: log } = await listRunLog(world.pool, { runId: run, after: null, limit: 50 });
    expect(log.map(({ code }) => code)).toEqual(expect.arrayContaining(['run.queued', 'run.running', 'SOURCE_AUTH_FAILED']));
  });

  it('gives up after its budget of failures in a row', async () => {
    const source = { rows: 3_000, fail: { code: 'SOURCE_SERVER_ERROR' as const, at: 1_000 } };
    const sync = await world.createSync({ source, mode: 'incremental_upsert', table: 'unlucky' });
    const run = await world.start(sync);
    expect(await world.until(run, ended)).toMatchObject({ state: 'failed', error: { code: 'SOURCE_SERVER_ERROR' } });
    const { rows: log } = await listRunLog(world.pool, { runId: run, after: null, limit: 50 });
    expect(log.filter(({ level, code }) => level === 'warn' && code === 'SOURCE_SERVER_ERROR')).toHaveLength(3);
  });

  it('shows that it is rate limited and until when, without holding a slot, and goes on by itself', async () => {
    const source = { rows: 2_000, throttle: { at: 1_000, forMs: 3_000 } };
    const sync = await world.createSync({ source, mode: 'incremental_append', table: 'limited' });
    const run = await world.start(sync);
    const waiting = await world.until(run, ({ state }) => state === 'rate_limited');
    expect(Date.parse(waiting.waiting?.until ?? '')).toBeGreaterThan(Date.now());
    expect(await world.until(run, ended)).toMatchObject({ state: 'succeeded', waiting: null });
    expect(await world.rows('limited')).toEqual(whole(2_000));
  });
});
