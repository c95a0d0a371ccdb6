import { historyToText } from './history-json.js';
import { startVerification } from '../../../libs/runs/index.js';
import { flowScheduleId } from '../../../libs/contracts/flow-workflow.js';
import { syncWorkflowId } from '../../../libs/contracts/workflows.js';
import { PaymentsApi, paymentsManifest, paymentsSluice } from '../actions/payments-api.js';
import type { ApiClient } from '../api-client.js';
import { endWorker, RunWorld } from './run-world.js';

const ended = ({ finishedAt }: { finishedAt: Date | null }) => finishedAt !== null;

/** Plays each way that workflows go on a real stack and returns their histories as JSON, by name. */
export async function recordHistories(): Promise<Record<string, string>> {
  const world = await RunWorld.create();
  const histories: Record<string, string> = {};
  const keep = async (name: string, workflowId: string, executionId?: string | null) => {
    const handle = world.temporal.client.workflow.getHandle(workflowId, executionId ?? undefined);
    await handle.result().catch(() => undefined);
    histories[name] = historyToText(await handle.fetchHistory());
  };
  const source = { rows: 3_000, slices: 2, pauseMs: 40 };
  const mode = 'incremental_append' as const;
  const begin = async (table: string, more: object = {}) => {
    const sync = await world.createSync({ source: { ...source, ...more }, mode, table });
    return { sync, run: await world.start(sync) };
  };
  try {
    let worker = await world.startWorker({ SLUICE_CONTINUE_AFTER_EVENTS: '30', SLUICE_WINDOW_MS: '300' });
    const continued = await begin('continued');
    const { firstExecutionId } = await world.until(continued.run, ended);
    await keep('sync-continued-first', syncWorkflowId(continued.run), firstExecutionId);
    await keep('sync-continued-last', syncWorkflowId(continued.run));
    await endWorker(worker);

    worker = await world.startWorker();
    const killed = await begin('killed');
    await world.untilRows(500, 'killed');
    await endWorker(worker, 'SIGKILL');
    worker = await world.startWorker();
    await world.until(killed.run, ended);
    await keep('sync-worker-killed', syncWorkflowId(killed.run));

    const full = async (table: string, bound: boolean) => {
      const sync = await world.createSync({
        source: { ...source, pauseMs: 150, snapshots: { bound } },
        mode: 'full_refresh_overwrite',
        table,
      });
      const run = await world.start(sync);
      await world.untilRead(run, 500);
      return run;
    };
    const held = await full('held', false);
    await world.until(held, ended);
    await keep('sync-snapshot-held', syncWorkflowId(held));

    const shared = await full('snapshot', false);
    await world.runs.pause({ workspaceId: world.workspaceId, runId: shared });
    await world.until(shared, ({ state }) => state === 'paused');
    await world.runs.resume({ workspaceId: world.workspaceId, runId: shared });
    await world.until(shared, ended);
    await keep('sync-snapshot-paused', syncWorkflowId(shared));
    const bound = await full('snapshot_bound', true);
    await endWorker(worker, 'SIGKILL');
    worker = await world.startWorker();
    await world.until(bound, ended);
    await keep('sync-snapshot-lost', syncWorkflowId(bound));

    const paused = await begin('paused');
    const key = { workspaceId: world.workspaceId, runId: paused.run };
    await world.untilRows(500, 'paused');
    await world.runs.pause(key);
    await world.until(paused.run, ({ state }) => state === 'paused');
    await world.runs.resume(key);
    await world.until(paused.run, ended);
    await keep('sync-paused', syncWorkflowId(paused.run));

    const cancelled = await begin('cancelled');
    await world.untilRows(500, 'cancelled');
    await world.runs.cancel({ workspaceId: world.workspaceId, runId: cancelled.run });
    await world.until(cancelled.run, ended);
    await keep('sync-cancelled', syncWorkflowId(cancelled.run));

    const failed = await begin('failed', { fail: { code: 'SOURCE_SERVER_ERROR', at: 1_000 } });
    await world.until(failed.run, ended);
    await keep('sync-failed', syncWorkflowId(failed.run));

    const limited = await begin('limited', { slices: 1, throttle: { at: 1_000, forMs: 2_000 } });
    await world.until(limited.run, ended);
    await keep('sync-rate-limited', syncWorkflowId(limited.run));

    const { pool, temporal, workspaceId } = world;
    for (const [name, syncId] of [
      ['verified', limited.sync],
      ['verify-failed', failed.sync],
    ] as const) {
      // A source that fails for good is met by a verification too.
      const request = { workspaceId, syncId, streams: ['numbers'], source: true, repair: name === 'verified' };
      const { workflowId } = await startVerification({ pool, temporal }, request);
      await keep(name, workflowId);
    }

    for (const overlap of ['skip', 'wait'] as const) {
      const schedule = { cron: '0 0 1 1 *', timezone: 'UTC', jitter_seconds: 0, overlap, paused: false };
      const sync = await world.createSync({ source: { ...source, pauseMs: 100 }, mode, table: overlap, schedule });
      const handle = await world.untilSchedule(sync);
      await world.start(sync);
      await handle.trigger();
      await world.untilRuns(sync, 2);
      const [started] = (await handle.describe()).info.recentActions;
      if (started?.action.type === 'startWorkflow') await keep(`scheduled-${overlap}`, started.action.workflow.workflowId);
    }
    // It may not call the provider.
    await endWorker(worker);
    await recordActions(world, keep);
    return histories;
  } finally {
    await world.close();
  }
}

/** Calls that succeed, are tried again, are refused, and end in doubt. */
async function recordActions(world: RunWorld, keep: (name: string, workflowId: string) => Promise<void>): Promise<void> {
  const provider = await PaymentsApi.start();
  const allowed = world.allowing(provider.host);
  const { api, client } = await world.startApi(allowed);
  try {
    await world.startWorker({ ...allowed, SLUICE_CONTINUE_AFTER_EVENTS: '100' });
    await client.post('/v1/connectors', { name: 'payments', manifest: paymentsManifest, sluice: paymentsSluice });
    const config = { base_url: `http://${provider.host}`, api_key: 'right' };
    const { body } = await client.post('/v1/connections', { name: 'payments', connector: 'payments', config });
    const call = async (action: string, input: object): Promise<string> => {
      const path = `/v1/connections/${String(body.id)}/actions/${action}`;
      return String((await client.post(path, { input }, { prefer: 'respond-async' })).body['workflow_id']);
    };
    await keep('action-succeeded', await call('pay', { reference: 'a', amount: 1 }));
    provider.mishaps = ['error', 'limit'];
    await keep('action-tried-again', await call('pay', { reference: 'b', amount: 1 }));
    await keep('action-refused', await call('pay', { reference: 'c', amount: 13 }));
    provider.mishaps = ['reset'];
    await keep('action-in-doubt', await call('pay_blindly', { reference: 'd', amount: 1 }));
    await recordFlows(world, client, provider, keep);
  } finally {
    await api.stop();
    await provider.close();
  }
}

/** Flows that succeed, undo what they did, wait for a person, are cancelled, go on in another history, and are started at a time. */
async function recordFlows(
  world: RunWorld,
  client: ApiClient,
  provider: PaymentsApi,
  keep: (name: string, workflowId: string, executionId?: string | null) => Promise<void>,
): Promise<void> {
  const step = (id: string, action: string, input: object, more: object = {}) => ({
    id,
    connection: 'payments',
    action,
    input,
    ...more,
  });
  const each = step('each', 'pay', { reference: '"each " & item', amount: 1 }, { forEach: '["a", "b", "c", "d"]', parallel: 2 });
  const undone = { ...each, compensate: { action: 'pay', input: { reference: '"undo " & item', amount: 1 } } };
  const refused = step('refused', 'pay', { reference: '"x"', amount: 13 }, { onError: 'compensate' });
  const risky = step('risky', 'pay_blindly', { reference: '"risky"', amount: 1 });
  const start = async (name: string, steps: readonly object[]): Promise<{ id: string; workflow: string }> => {
    const { body } = await client.post('/v1/flows', { name, on: { request: {} }, steps });
    const run = await client.post(`/v1/flows/${String(body.id)}/runs`, {}, { prefer: 'respond-async' });
    return { id: String(run.body.id), workflow: String(run.body['workflow_id']) };
  };
  const waiting = async (id: string): Promise<string> => {
    for (;;) {
      const { body } = await client.get(`/v1/flow-runs/${id}`);
      const [first] = body['steps'] as { calls: { action_run_id: string }[] }[];
      if (body['state'] === 'waiting') return first?.calls[0]?.action_run_id ?? '';
      await new Promise((done) => setTimeout(done, 50));
    }
  };
  await keep(
    'flow-succeeded',
    (await start('succeeded', [each, step('last', 'pay', { reference: '"last"', amount: 1 })])).workflow,
  );
  await keep('flow-compensated', (await start('compensated', [undone, refused])).workflow);
  provider.mishaps = ['error'];
  const resolved = await start('resolved', [risky]);
  await client.post(`/v1/action-runs/${await waiting(resolved.id)}:resolve`, { outcome: 'succeeded' });
  await keep('flow-resolved', resolved.workflow);
  provider.mishaps = ['error'];
  const cancelled = await start('cancelled', [risky, each]);
  await waiting(cancelled.id);
  await client.post(`/v1/flow-runs/${cancelled.id}:cancel`);
  await keep('flow-cancelled', cancelled.workflow);

  const many = await start('continued', [{ ...each, forEach: '[1..60].$string($)' }]);
  await keep('flow-continued-last', many.workflow);
  const { raw } = await world.temporal.client.workflow.getHandle(many.workflow).describe();
  await keep('flow-continued-first', many.workflow, raw.workflowExecutionInfo?.firstRunId);

  const on = { schedule: { cron: '0 0 1 1 *' } };
  const { body } = await client.post('/v1/flows', { name: 'scheduled', on, steps: [risky] });
  const schedule = world.temporal.client.schedule.getHandle(flowScheduleId(String(body.id)));
  while (!(await schedule.describe().then(Boolean, () => false))) await new Promise((done) => setTimeout(done, 50));
  await schedule.trigger();
  for (;;) {
    const [started] = (await schedule.describe()).info.recentActions;
    if (started?.action.type === 'startWorkflow') return keep('flow-scheduled', started.action.workflow.workflowId);
    await new Promise((done) => setTimeout(done, 50));
  }
}
