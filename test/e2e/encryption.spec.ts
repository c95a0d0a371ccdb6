import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { RunWorld } from '../support/runs/run-world.js';
import { historyToText } from '../support/runs/history-json.js';

const MARKER = 'marker-7f3a';
let world: RunWorld;
beforeAll(async () => {
  world = await RunWorld.create({ encryption: true });
  await world.startWorker();
});
afterAll(() => world?.close());

it('with encryption on, Temporal sees neither ids nor words of a failed run, and the store tells them', async () => {
  const source = { rows: 3_000, fail: { code: 'SOURCE_AUTH_FAILED' as const, at: 2_000, detail: MARKER } };
  const sync = await world.createSync({ source, mode: 'incremental_append', table: 'secret' });
  const run = await world.start(sync);
  const failed = await world.until(run, ({ finishedAt }) => finishedAt !== null);
  expect(failed.error).toMatchObject({ code: 'SOURCE_AUTH_FAILED', detail: MARKER });
  const handle = world.temporal.client.workflow.getHandle(failed.workflowId);
  await handle.result().catch(() => undefined);
  const text = historyToText(await handle.fetchHistory());
  const payloads = [...text.matchAll(/"data": "([^"]*)"/g)].map(([, data]) =>
    Buffer.from(data ?? '', 'base64').toString('latin1'),
  );
  const all = [text, ...payloads].join('\n');
  expect(payloads.length).toBeGreaterThan(5);
  expect(all).not.toContain(MARKER);
  expect(all).not.toContain('"runId"');
  expect(all).toContain('Encoded failure');
});
