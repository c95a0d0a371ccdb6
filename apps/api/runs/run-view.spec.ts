import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Counts } from '../../../libs/contracts/destination.port.js';
import { runSchema } from '../../../libs/contracts/run.schema.js';
import type { RunRow, RunStreamRow } from '../../../libs/store/index.js';
import { countsView, runView, sumCounts } from './run-view.js';

const parts = ['inserted', 'updated', 'unchanged', 'superseded', 'deduplicated', 'deleted', 'filtered', 'quarantined'] as const;
const counts = fc
  .record(
    Object.fromEntries(parts.map((name) => [name, fc.nat(1_000_000)])) as Record<(typeof parts)[number], fc.Arbitrary<number>>,
  )
  .map((some): Counts => ({
    ...some,
    read: parts.reduce((sum, name) => sum + some[name], 0),
    discarded: 0,
    removed: 0,
    bytes: 0,
    chunks: 1,
  }));

test('whatever the ledgers say, read is loaded + filtered + quarantined', () => {
  fc.assert(
    fc.property(fc.array(fc.option(counts)), (all) => {
      const view = countsView(sumCounts(all));
      expect(view.loaded + view.filtered + view.quarantined).toBe(view.read);
    }),
  );
});

const at = new Date('2026-01-01T00:00:00Z');
const run: RunRow = {
  ...{
    id: '7d5f6a1e-8f5e-4f0a-9d11-0b4a3a1c2d3e',
    seq: 1,
    workspaceId: 'w',
    syncId: '7d5f6a1e-8f5e-4f0a-9d11-0b4a3a1c2d3e',
    syncVersion: 1,
  },
  ...{ lane: 'live', epoch: 1, trigger: 'api', state: 'failed', manifestHash: null, catalogHash: null, workflowId: 'sync-run-1' },
  ...{
    firstExecutionId: 'x',
    scheduledFor: null,
    resets: [],
    streams: null,
    waiting: null,
    createdAt: at,
    startedAt: at,
    finishedAt: at,
  },
  error: { code: 'SOURCE_AUTH_FAILED', detail: '401 at /orders', stream: 'orders', details: { status: 401 } },
};
const stream: RunStreamRow = {
  ...{ runId: run.id, stream: 'orders', state: 'running', counts: null, countsAt: null, planNext: null, planComplete: true },
  ...{ planState: null, planNow: at, warnings: ['paged by number'] },
};

test('a failed run shows cause, next step and where to look', () => {
  const slices = [{ stream: 'orders', pending: 1, claimed: 1, done: 3, failed: 1 }];
  const view = runView({ run, streams: [stream], slices, temporalUi: 'http://localhost:8233/', namespace: 'default' });
  expect(runSchema.parse(view)).toEqual(view);
  expect(view.error).toMatchObject({ code: 'SOURCE_AUTH_FAILED', next: expect.stringContaining('Renew'), stream: 'orders' });
  expect(view.streams[0]?.slices).toEqual({ planned: 6, done: 3, failed: 1, complete: true });
  expect(view.temporal_url).toBe('http://localhost:8233/namespaces/default/workflows/sync-run-1');
  expect(view.counts_at).toBeNull();
});
