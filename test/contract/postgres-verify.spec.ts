import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Destination, StreamRef } from '../../libs/contracts/destination.port.js';
import type { Verifier } from '../../libs/contracts/verifier.port.js';
import { items, TestStream, wholeRun } from './destination-world.js';
import { verifyContract } from './destination-verify.contract.js';
import { postgresWorld, type PostgresWorld } from './postgres-world.js';

let world: PostgresWorld;
let destination: Destination;
let verifier: Verifier;
beforeAll(async () => {
  world = await postgresWorld();
  destination = world.connect();
  verifier = destination.verifier as Verifier;
});
afterAll(async () => {
  await destination?.close();
  await world?.close();
});

const inspect = async (ref: StreamRef, stream: TestStream) =>
  verifier.inspect({ key: ref, target: stream.target, active: false, copied: false, limit: 100 });

describe('a table is looked at', () => {
  it('and is right after every kind of run, several of them', async () => {
    for (const mode of [
      'incremental_upsert',
      'incremental_append',
      'full_refresh_overwrite',
      'full_refresh_append',
      'scd2',
    ] as const) {
      const stream = new TestStream({ mode });
      await wholeRun(destination, stream, items(1, 5));
      const ref = await wholeRun(destination, stream, items(3, 8));
      expect({ mode, ...(await inspect(ref, stream)) }).toMatchObject({ mode, counts: {}, findings: [] });
    }
  });

  it('and what was done behind its back is named', async () => {
    const stream = new TestStream({ mode: 'incremental_upsert' });
    const ref = await wholeRun(destination, stream, items(1, 5));
    const { table } = stream.target;
    const id = (await world.sql.query<{ id: string }>(`SELECT id FROM sluice.stream WHERE sync_id = $1`, [ref.syncId])).rows[0]
      ?.id;
    await world.sql.query(`ALTER TABLE "${table}" DROP CONSTRAINT "${table}_pkey", ALTER COLUMN id DROP NOT NULL`);
    await world.sql.query(`INSERT INTO "${table}" SELECT * FROM "${table}" WHERE id < 3`);
    await world.sql.query(`INSERT INTO "${table}" (name) VALUES ('nobody')`);
    await world.sql.query(`CREATE TABLE sluice.generation_${id}_99 ()`);
    await world.sql.query(
      `INSERT INTO sluice.checkpoint (stream_id, run_id, slice_id, spec, partition, fence, seq) VALUES ($1, $2, 'all', '{}', '', 1, 0)`,
      [id, ref.runId],
    );
    await world.sql.query(`UPDATE sluice.table_owner SET stream = 'other' WHERE table_name = $1`, [table]);
    const seen = await inspect(ref, stream);
    expect(seen?.counts).toEqual({
      ...{ owner: 1, index: 1, ledger: 1, checkpoint: 1, generation: 1, null_key: 1, duplicate: 2, row_count: 1 },
    });
    const keys = seen?.findings.filter(({ kind }) => kind === 'duplicate').map(({ key }) => key);
    expect(keys).toEqual([{ id: '1' }, { id: '2' }]);
    await world.sql.query(`ALTER TABLE "${table}" DROP COLUMN name`);
    expect((await inspect(ref, stream))?.counts).toMatchObject({ layout: 1 });
  });

  it('and a stream that was never loaded is none', async () => {
    const stream = new TestStream({ mode: 'incremental_upsert' });
    expect(await inspect(stream.nextRun(), stream)).toBeNull();
  });
});

verifyContract(async () => {
  const own = await postgresWorld();
  return { ...own, run: async (sql) => (await own.sql.query<Record<string, unknown>>(sql)).rows };
});
