import { expect, test } from '@jest/globals';
import { awaitEnd } from './await-end.js';
import { RunEnds } from './run-ends.js';
import type { TemporalClient } from './temporal-client.js';

const RUN = { workflowId: 'workflow', ended: false };
/** Counts what it is asked, and never answers. */
function silentTemporal() {
  const temporal = { asked: 0, call: () => ((temporal.asked += 1), new Promise<never>(() => undefined)) };
  return temporal;
}
const asClient = (temporal: ReturnType<typeof silentTemporal>) => temporal as unknown as TemporalClient;

test('the end of a run in this process is known without asking Temporal', async () => {
  const ends = new RunEnds();
  const temporal = silentTemporal();
  let row = RUN;
  const watch = ends.watch('run');
  const wait = awaitEnd(asClient(temporal), RUN, {
    ...{ ms: 60_000, watch, isHere: true },
    ...{ hasEnded: ({ ended }: typeof RUN) => ended, read: async () => row },
  });
  ends.tell('another');
  row = { ...RUN, ended: true };
  ends.tell('run');
  expect(await wait).toEqual(row);
  expect(temporal.asked).toBe(0);
});

test('a run that ended before it was waited for is not missed, and who stopped watching is not told', async () => {
  const ends = new RunEnds();
  const early = ends.watch('run');
  const stopped = ends.watch('run');
  stopped.stop();
  ends.tell('run');
  await early.ended;
  const told = await Promise.race([stopped.ended.then(() => true), new Promise((resolve) => setImmediate(resolve, false))]);
  expect(told).toBe(false);
});

test('of a run that began elsewhere Temporal is asked at once, and what it says is looked up', async () => {
  const read = async () => ({ ...RUN, ended: true });
  const answering = { call: () => Promise.resolve() } as unknown as TemporalClient;
  expect(await awaitEnd(answering, RUN, { ms: 60_000, hasEnded: ({ ended }) => ended, read })).toEqual(await read());
  const silent = silentTemporal();
  expect(await awaitEnd(asClient(silent), RUN, { ms: 0, hasEnded: ({ ended }) => ended, read })).toEqual(RUN);
  const gone = awaitEnd(answering, RUN, { ms: 60_000, hasEnded: ({ ended }) => ended, read: async () => null });
  await expect(gone).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
