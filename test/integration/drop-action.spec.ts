import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ABANDONED, dropAction } from '../../libs/actions/index.js';
import * as store from '../../libs/store/index.js';
import { storeWithAccount, type AccountStore } from '../support/store-with-account.js';

let account: AccountStore;
let pool: store.Pool;
let workspaceId: string;
let connectionId: string;

beforeAll(async () => {
  account = await storeWithAccount('drops');
  ({ pool, workspaceId, connectionId } = account);
});
afterAll(async () => {
  await account?.close();
});

async function newRun(): Promise<string> {
  const id = randomUUID();
  const hash = Buffer.from('hash');
  await store.reserveActionRun(pool, {
    ...{ id, workspaceId, connectionId, connector: 'any', connectorHash: 'h', action: 'pay' },
    ...{ idempotencyKey: id, requestHash: hash, input: hash, workflowId: id },
  });
  return id;
}
const drop = (id: string) => store.inTransaction(pool, (tx) => dropAction(tx, { id, error: ABANDONED }));
const send = (runId: string, attempt = 1) => store.markSent(pool, { runId, attempt, timeoutMs: 1_000 });
const stateOf = async (id: string) => (await store.getActionRun(pool, { id }))?.state;

test('what was reserved, or postponed, is dropped and not sent any more', async () => {
  const fresh = await newRun();
  const reserved = await newRun();
  const postponed = await newRun();
  for (const runId of [reserved, postponed]) await store.reserveEffect(pool, { runId, attempt: 1 });
  expect(await send(postponed)).toBe(true);
  await store.settleEffect(pool, { runId: postponed, attempt: 1, state: 'postponed', status: 429, resolvedBy: 'answer' });
  for (const id of [fresh, reserved, postponed]) {
    expect(await drop(id)).toBe(true);
    expect(await store.getActionRun(pool, { id })).toMatchObject({ state: 'failed', error: ABANDONED });
    await store.reserveEffect(pool, { runId: id, attempt: 1 });
    expect(await send(id)).toBe(false);
    expect(await drop(id)).toBe(false);
  }
});

test('what was sent, and what is repeated to find out what became of it, is not dropped', async () => {
  const runId = await newRun();
  await store.reserveEffect(pool, { runId, attempt: 1 });
  expect(await send(runId)).toBe(true);
  expect(await drop(runId)).toBe(false);
  await store.settleEffect(pool, { runId, attempt: 1, state: 'superseded', status: null, resolvedBy: 'key' });
  expect(await drop(runId)).toBe(false);
  await store.reserveEffect(pool, { runId, attempt: 2 });
  expect(await drop(runId)).toBe(false);
  expect(await stateOf(runId)).toBe('running');
});

test('of who drops and who sends at once one is right, whatever comes first', async () => {
  for (let round = 0; round < 20; round += 1) {
    const runId = await newRun();
    const sender = async (): Promise<boolean> => {
      await store.reserveEffect(pool, { runId, attempt: 1 });
      return send(runId);
    };
    const [sent, dropped] = await Promise.all([sender(), drop(runId)]);
    expect(sent).toBe(!dropped);
    expect(await stateOf(runId)).toBe(dropped ? 'failed' : 'running');
  }
});
