import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomInt } from 'node:crypto';
import type { Destination, StreamRef } from '../../libs/contracts/destination.port.js';
import type { RecordPage } from '../../libs/contracts/source.port.js';
import type { SourceRecord } from '../../libs/contracts/stream.js';
import type { Finding, SourceCopy, Verifier } from '../../libs/contracts/verifier.port.js';
import { parseJson } from '../../libs/json/index.js';
import { randomFrom } from '../chaos/random.js';
import { item, items, page, TestStream, wholeRun, type DestinationWorld } from './destination-world.js';

/** `run`: a statement of somebody else in the destination; its rows. */
export interface VerifyWorld extends DestinationWorld {
  run(sql: string): Promise<Record<string, unknown>[]>;
}

/** Of destinations that compare tables with the source's records and repair them. */
export function verifyContract(makeWorld: () => Promise<VerifyWorld>): void {
  let world: VerifyWorld;
  let destination: Destination;
  let verifier: Verifier;
  beforeAll(async () => {
    world = await makeWorld();
    destination = world.connect();
    verifier = destination.verifier as Verifier;
  });
  afterAll(async () => {
    await destination?.close();
    await world?.close();
  });

  const tableOf = ({ target }: TestStream): string => `public."${target.table}"`;
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

  describe('the source’s records are compared', () => {
    it('by key where there is one, also with the key’s record in several versions', async () => {
      const stream = new TestStream({ mode: 'incremental_upsert' });
      const ref = await wholeRun(destination, stream, items(1, 6));
      const table = tableOf(stream);
      await world.run(`DELETE FROM ${table} WHERE id = 1`);
      await world.run(`UPDATE ${table} SET name = 'else' WHERE id = 2`);
      await world.run(`INSERT INTO ${table} (id, name) VALUES (99, 'more')`);
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
        await world.run(`UPDATE ${tableOf(stream)} SET name = 'else' WHERE id = 4`);
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
      const table = tableOf(stream);
      await world.run(`INSERT INTO ${table} SELECT * FROM ${table} WHERE id = 2`);
      await world.run(`UPDATE ${table} SET name = NULL WHERE id = 3`);
      const copy = await copyOf(ref, stream, records, { ...ref, runId: 'repair', epoch: ref.epoch + 1 });
      const seen = await found(copy);
      expect(seen.map(({ kind }) => kind).sort()).toEqual(['duplicate', 'extra', 'missing']);
      // What names the row is a condition that finds it.
      const doubled = seen.find(({ kind }) => kind === 'duplicate')?.detail ?? '';
      expect(await world.run(`SELECT CAST(id AS text) AS id FROM ${table} WHERE ${doubled}`)).toEqual([{ id: '2' }, { id: '2' }]);
      expect(await copy.repair()).toBe(0);
      await copy.close();
    });
  });

  describe('a repair', () => {
    it('loads once, however many saw the same, and is refused after a newer run', async () => {
      const stream = new TestStream({ mode: 'incremental_append' });
      const ref = await wholeRun(destination, stream, items(1, 6));
      const table = tableOf(stream);
      await world.run(`DELETE FROM ${table} WHERE id IN (2, 3)`);
      const repairing = { ...ref, runId: '11111111-1111-4111-8111-111111111111', epoch: ref.epoch + 1 };
      const [first, second] = [
        await copyOf(ref, stream, items(1, 6), repairing),
        await copyOf(ref, stream, items(1, 6), repairing),
      ];
      expect(await first.repair()).toBe(2);
      await expect(second.repair()).rejects.toMatchObject({ code: 'DESTINATION_CONSTRAINT' });
      await Promise.all([first.close(), second.close()]);
      const rows = await world.run(
        `SELECT CAST(id AS text) AS id, CAST(count(*) AS text) AS n FROM ${table} GROUP BY id ORDER BY id`,
      );
      expect(rows).toEqual(['1', '2', '3', '4', '5', '6'].map((id) => ({ id, n: '1' })));
      expect(await inspect(ref, stream)).toMatchObject({ rows: 6, counts: {} });

      await world.run(`DELETE FROM ${table} WHERE id = 5`);
      const late = await copyOf(ref, stream, items(1, 6), { ...repairing, epoch: ref.epoch + 2 });
      await destination.prepare({ ref: { ...ref, runId: 'newer', epoch: ref.epoch + 5 }, target: stream.target });
      await expect(late.repair()).rejects.toMatchObject({ code: 'STALE_RUN' });
      await late.close();
    });
  });

  /** What may be done to one row behind Sluice's back, and what it is called then. */
  const damages = {
    changed: { sql: (table: string, id: number) => `UPDATE ${table} SET name = 'else' WHERE id = ${id}`, kind: 'differing' },
    emptied: { sql: (table: string, id: number) => `UPDATE ${table} SET name = NULL WHERE id = ${id}`, kind: 'differing' },
    older: {
      sql: (table: string, id: number) => `UPDATE ${table} SET updated_at = '2020-01-01' WHERE id = ${id}`,
      kind: 'differing',
    },
    newer: {
      sql: (table: string, id: number) => `UPDATE ${table} SET updated_at = '2030-01-01' WHERE id = ${id}`,
      kind: 'differing',
    },
    gone: { sql: (table: string, id: number) => `DELETE FROM ${table} WHERE id = ${id}`, kind: 'missing' },
    added: { sql: (table: string, id: number) => `INSERT INTO ${table} (id, name) VALUES (${id + 1000}, 'more')`, kind: 'extra' },
  } as const;
  type Damage = keyof typeof damages;

  it.each([randomInt(1, 2 ** 31), 7])(
    'names every damage and nothing else, and a repair loads those rows only (seed %i)',
    async (seed) => {
      const random = randomFrom(seed);
      const stream = new TestStream({ mode: 'incremental_upsert', metadata: ['run', 'change'] });
      const records = Array.from({ length: 300 }, (_, n) => item(n + 1, 1 + (n % 28)));
      const ref = await wholeRun(destination, stream, records);
      const table = tableOf(stream);
      const all = async () =>
        world.run(
          `SELECT CAST(id AS text) AS id, name, updated_at, _sluice_run, _sluice_change FROM ${table} ORDER BY ${table}.id`,
        );
      const before = new Map((await all()).map((row) => [row['id'], row]));
      const hit = new Map<number, Damage>();
      while (hit.size < 60)
        hit.set(Math.floor(random.between(1, 301)), random.pick(Object.keys(damages) as [Damage, ...Damage[]]));
      for (const [id, damage] of hit) await world.run(damages[damage].sql(table, id));
      const repairing = { ...ref, runId: '33333333-3333-4333-8333-333333333333', epoch: ref.epoch + 1 };
      const copy = await copyOf(ref, stream, records, repairing);
      const repaired = [...hit.values()].filter((damage) => damage !== 'newer' && damage !== 'added').length;
      expect(await copy.repair()).toBe(repaired);
      const seen = new Map((await found(copy)).map(({ key, kind, outcome }) => [key?.['id'], `${kind}, ${outcome}`]));
      await copy.close();
      const wanted = [...hit].map(([id, damage]) => [
        String(damage === 'added' ? id + 1000 : id),
        `${damages[damage].kind}, ${damage === 'newer' || damage === 'added' ? 'left' : 'repaired'}`,
      ]);
      expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(wanted));
      for (const row of await all()) {
        const damage = hit.get(Number(row['id']));
        const was = before.get(row['id']);
        if (Number(row['id']) > 1000) continue;
        if (damage === undefined || damage === 'added') expect(row).toEqual(was);
        else if (damage === 'newer') expect(row).toEqual({ ...was, updated_at: '2030-01-01' });
        else expect(row).toMatchObject({ name: was?.['name'], updated_at: was?.['updated_at'], _sluice_run: repairing.runId });
      }
      expect(await inspect(ref, stream)).toMatchObject({ counts: {} });
      const again = await copyOf(ref, stream, records);
      const left = [...hit].filter(([, damage]) => damage === 'newer' || damage === 'added').length;
      expect(await found(again)).toHaveLength(left);
      await again.close();
    },
  );

  it('sees the last digit of a number, also of one inside JSON, and forgets what is read again', async () => {
    for (const mode of ['incremental_upsert', 'incremental_append'] as const) {
      const record = (text: string): SourceRecord =>
        parseJson(`{"id": 1, "n": ${text}, "more": {"n": ${text}}, "updated_at": "2026-01-01"}`) as SourceRecord;
      const jsonSchema = {
        properties: { id: { type: 'integer' }, n: { type: 'number' }, more: { type: 'object' }, updated_at: { type: 'string' } },
      };
      const stream = new TestStream({ mode, jsonSchema });
      const ref = await wholeRun(destination, stream, [record('0.12345678901234567891')]);
      for (const [digit, kinds] of [
        ['1', []],
        ['2', ['differing']],
      ] as const) {
        const copy = await verifier.copy({ key: ref, target: stream.target });
        await copy.write(page([record(`0.1234567890123456789${digit}`)]) as RecordPage);
        await copy.write(page([item(2), item(3)]) as RecordPage);
        await copy.forgetAfter(1);
        await copy.compare({ repairing: null });
        const seen = await found(copy);
        expect(seen.map(({ kind }) => kind)).toEqual(kinds);
        expect(seen[0]?.columns ?? ['n', 'more']).toEqual(['n', 'more']);
        await copy.close();
      }
    }
  });
}
