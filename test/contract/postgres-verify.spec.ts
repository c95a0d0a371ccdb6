import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RecordPage } from '../../libs/contracts/source.port.js';
import type { Destination, StreamRef } from '../../libs/contracts/destination.port.js';
import type { SourceRecord } from '../../libs/contracts/stream.js';
import type { Finding, SourceCopy, Verifier } from '../../libs/contracts/verifier.port.js';
import { item, items, page, TestStream, wholeRun } from './destination-world.js';
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

async function copyOf(
  ref: StreamRef,
  stream: TestStream,
  records: readonly SourceRecord[],
  repairing: StreamRef | null = null,
): Promise<SourceCopy> {
  const copy = await verifier.copy({ key: ref, target: stream.target });
  await copy.write(page(records) as RecordPage);
  await copy.compare({ repairing });
  return copy;
}
async function found(copy: SourceCopy): Promise<Finding[]> {
  const all: Finding[] = [];
  for await (const batch of copy.findings()) all.push(...batch);
  return all.sort((a, b) => JSON.stringify(a.key).localeCompare(JSON.stringify(b.key)));
}

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

describe('the source’s records are compared', () => {
  it('by key where there is one, also with the key’s record in several versions', async () => {
    const stream = new TestStream({ mode: 'incremental_upsert' });
    const ref = await wholeRun(destination, stream, items(1, 6));
    const { table } = stream.target;
    await world.sql.query(`DELETE FROM "${table}" WHERE id = 1`);
    await world.sql.query(`UPDATE "${table}" SET name = 'else' WHERE id = 2`);
    await world.sql.query(`INSERT INTO "${table}" (id, name) VALUES (99, 'more')`);
    const copy = await copyOf(ref, stream, [item(3, 1, 'an older version'), ...items(1, 6)]);
    expect(await found(copy)).toMatchObject([
      { kind: 'missing', key: { id: '1' } },
      { kind: 'differing', key: { id: '2' }, columns: ['name'] },
      { kind: 'extra', key: { id: '99' } },
    ]);
    await copy.close();
  });

  it('with the version of a history that holds, and without rows of deleted records', async () => {
    const tombstone = { ...item(2, 9), name: 'gone' };
    const deletes = (as: 'soft' | 'hard') => ({ when: { field: 'name', equals: 'gone' }, as, allowEmpty: false });
    for (const target of [
      { mode: 'scd2' } as const,
      { mode: 'scd2', deletes: deletes('soft') } as const,
      { mode: 'incremental_upsert', deletes: deletes('soft') } as const,
      { mode: 'incremental_upsert', deletes: deletes('hard') } as const,
    ]) {
      const stream = new TestStream(target);
      await wholeRun(destination, stream, items(1, 5));
      const changed = [item(1), item(3, 8, 'new'), item(4), item(5), tombstone];
      const ref = await wholeRun(destination, stream, changed);
      const repairing = { ...ref, runId: '22222222-2222-4222-8222-222222222222', epoch: ref.epoch + 1 };
      const clean = await copyOf(ref, stream, changed);
      expect({ target, found: await found(clean) }).toEqual({ target, found: [] });
      await clean.close();
      expect(await inspect(ref, stream)).toMatchObject({ counts: {} });
      await world.sql.query(`UPDATE "${stream.target.table}" SET name = 'else' WHERE id = 4`);
      const copy = await copyOf(ref, stream, changed, repairing);
      expect(await copy.repair()).toBe(target.mode === 'scd2' ? 0 : 1);
      const outcome = target.mode === 'scd2' ? 'left' : 'repaired';
      expect(await found(copy)).toMatchObject([{ kind: 'differing', key: { id: '4' }, columns: ['name'], outcome }]);
      await copy.close();
    }
  });

  it('by their content where there is no key', async () => {
    const stream = new TestStream({ mode: 'incremental_append', primaryKey: [], cursorField: null });
    const records = [item(1), item(1), item(2), item(3)];
    const ref = await wholeRun(destination, stream, records);
    const { table } = stream.target;
    await world.sql.query(`INSERT INTO "${table}" SELECT * FROM "${table}" WHERE id = 2`);
    await world.sql.query(`UPDATE "${table}" SET name = NULL WHERE id = 3`);
    const copy = await copyOf(ref, stream, records, { ...ref, runId: 'repair', epoch: ref.epoch + 1 });
    const seen = await found(copy);
    expect(seen.map(({ kind }) => kind).sort()).toEqual(['duplicate', 'extra', 'missing']);
    // What names the row is a condition that finds it.
    const doubled = seen.find(({ kind }) => kind === 'duplicate')?.detail ?? '';
    expect((await world.sql.query(`SELECT id FROM "${table}" WHERE ${doubled}`)).rows).toEqual([{ id: '2' }, { id: '2' }]);
    expect(await copy.repair()).toBe(0);
    await copy.close();
  });
});

describe('a repair', () => {
  it('loads once, however many saw the same, and is refused after a newer run', async () => {
    const stream = new TestStream({ mode: 'incremental_append' });
    const ref = await wholeRun(destination, stream, items(1, 6));
    const { table } = stream.target;
    await world.sql.query(`DELETE FROM "${table}" WHERE id IN (2, 3)`);
    const repairing = { ...ref, runId: '11111111-1111-4111-8111-111111111111', epoch: ref.epoch + 1 };
    const [first, second] = [
      await copyOf(ref, stream, items(1, 6), repairing),
      await copyOf(ref, stream, items(1, 6), repairing),
    ];
    expect(await first.repair()).toBe(2);
    await expect(second.repair()).rejects.toMatchObject({ code: 'DESTINATION_CONSTRAINT' });
    await Promise.all([first.close(), second.close()]);
    const rows = await world.sql.query<{ id: string; n: string }>(
      `SELECT id, count(*) AS n FROM "${table}" GROUP BY id ORDER BY id`,
    );
    expect(rows.rows).toEqual(['1', '2', '3', '4', '5', '6'].map((id) => ({ id, n: '1' })));
    expect(await inspect(ref, stream)).toMatchObject({ rows: 6, counts: {} });

    await world.sql.query(`DELETE FROM "${table}" WHERE id = 5`);
    const late = await copyOf(ref, stream, items(1, 6), { ...repairing, epoch: ref.epoch + 2 });
    await destination.prepare({ ref: { ...ref, runId: 'newer', epoch: ref.epoch + 5 }, target: stream.target });
    await expect(late.repair()).rejects.toMatchObject({ code: 'STALE_RUN' });
    await late.close();
  });
});
