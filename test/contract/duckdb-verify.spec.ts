import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Destination, StreamRef } from '../../libs/contracts/destination.port.js';
import { WRITE_MODES } from '../../libs/contracts/write-mode.js';
import { items, slice, TestStream, wholeRun } from './destination-world.js';
import { verifyContract } from './destination-verify.contract.js';
import { duckdbWorld, type DuckdbWorld } from './duckdb-world.js';

let world: DuckdbWorld;
let destination: Destination;
beforeAll(async () => {
  world = await duckdbWorld();
  destination = world.connect();
});
afterAll(async () => {
  await destination?.close();
  await world?.close();
});

const inspect = async (key: StreamRef, { target }: TestStream) =>
  destination.verifier?.inspect({ key, target, active: false, copied: false, limit: 100 });

test('a table is right after every kind of run, several of them, a reset and deletes', async () => {
  for (const mode of WRITE_MODES) {
    const stream = new TestStream({ mode });
    await wholeRun(destination, stream, items(1, 5));
    const ref = await wholeRun(destination, stream, items(3, 8));
    expect({ mode, ...(await inspect(ref, stream)) }).toMatchObject({ mode, counts: {}, findings: [] });
    const reset = stream.nextRun();
    const { target } = stream;
    await destination.reset({ ref: reset, target });
    await destination.prepare({ ref: reset, target });
    const writer = await destination.open({ ref: reset, target, slice: slice(), fence: 1 });
    await writer.complete(null, () => null);
    await writer.close();
    await destination.finish({ ref: reset, target });
    const last = await wholeRun(destination, stream, items(1, 4));
    expect({ mode, ...(await inspect(last, stream)) }).toMatchObject({ mode, rows: 4, counts: {} });
  }
  for (const missing of ['soft', 'hard'] as const) {
    const stream = new TestStream({ mode: 'incremental_upsert', deletes: { as: 'hard', missing, allowEmpty: false } });
    await wholeRun(destination, stream, items(1, 5));
    const ref = await wholeRun(destination, stream, items(3, 8));
    expect(await inspect(ref, stream)).toMatchObject({ rows: missing === 'soft' ? 8 : 6, counts: {} });
  }
});

test('what was done behind its back is named', async () => {
  const stream = new TestStream({ mode: 'incremental_upsert' });
  const ref = await wholeRun(destination, stream, items(1, 5));
  const table = `public."${stream.target.table}"`;
  const id = String((await world.sql(`SELECT id FROM sluice.stream WHERE sync_id = '${ref.syncId}'`))[0]?.id);
  await world.sql(`INSERT INTO ${table} SELECT * FROM ${table} WHERE id < 3`);
  await world.sql(`INSERT INTO ${table} (name) VALUES ('nobody')`);
  await world.sql(`CREATE TABLE public._sluice_generation_${id}_99 (a INTEGER)`);
  await world.sql(
    `INSERT INTO sluice.checkpoint VALUES (${id}, '${ref.runId}', 'all', '{}', '', 1, 0, NULL, false, false, now())`,
  );
  await world.sql(`UPDATE sluice.table_owner SET stream = 'other' WHERE table_name = '${stream.target.table}'`);
  const seen = await inspect(ref, stream);
  expect(seen?.counts).toEqual({ owner: 1, ledger: 1, checkpoint: 1, generation: 1, null_key: 1, duplicate: 2, row_count: 1 });
  const named = seen?.findings.filter(({ kind }) => kind === 'duplicate');
  expect(named).toMatchObject([{ key: { id: '1' }, detail: '1 rows too many' }, { key: { id: '2' } }]);
  await world.sql(`DROP TABLE public._sluice_generation_${id}_99`);
  await world.sql(`ALTER TABLE ${table} DROP COLUMN name`);
  expect((await inspect(ref, stream))?.counts).toMatchObject({ layout: 1 });
  await world.sql(`DROP TABLE ${table}`);
  expect((await inspect(ref, stream))?.counts).toMatchObject({ layout: 1 });
});

test('a stream that was never loaded is none', async () => {
  const stream = new TestStream({ mode: 'incremental_upsert' });
  expect(await inspect(stream.nextRun(), stream)).toBeNull();
});

verifyContract(async () => {
  const own = await duckdbWorld();
  return { ...own, run: (sql) => own.sql(sql) };
});
