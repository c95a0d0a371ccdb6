import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Destination, StreamRef, StreamTarget } from '../../libs/contracts/destination.port.js';
import type { RecordPage } from '../../libs/contracts/source.port.js';
import type { SourceRecord } from '../../libs/contracts/stream.js';
import type { Finding, SourceCopy, Verifier } from '../../libs/contracts/verifier.port.js';
import { WRITE_MODES } from '../../libs/contracts/write-mode.js';
import { METADATA } from '../../libs/contracts/metadata.js';
import type { ColumnType } from '../../libs/typing/index.js';
import { evolvingRun } from './evolving-run.js';
import { item, items, page, TestStream, wholeRun } from './destination-world.js';
import type { VerifyWorld } from './destination-verify.contract.js';

export const METADATA_OF = { metadata: ['digest'] } as const;
export const NONE = { count: 0, keys: [] };
/** By type: values of which each has another digest, as both databases write them. */
export const DIGESTED = {
  smallint: ['-1', '32767'],
  integer: ['-1', '0'],
  bigint: ['4294967297', '2', '9223372036854775807'],
  numeric: ['0.1', '12345678901234567890.5'],
  boolean: ['true', 'false'],
  text: ['', 'a', 'a '],
  timestamptz: ['2026-01-02 03:04:05.000001+00', '2150-01-01 00:00:00.000001+00', '2150-01-01 00:00:00.000002+00', 'infinity'],
  timestamp: ['2026-01-02 03:04:05.000001', '-infinity'],
  date: ['2026-01-02', '5874897-01-01', 'infinity'],
  time: ['00:00:00', '24:00:00'],
  timetz: ['03:04:05+01', '02:04:05+00'],
  jsonb: ['[[1], 2]', '[[1, 2]]', '{"a": {"b": null}}', 'null'],
  uuid: ['00000000-0000-4000-8000-000000000000', '00000000-0000-4000-8000-000000000001'],
} satisfies Partial<Record<ColumnType, readonly string[]>>;

/** Keys of the rows whose digest is wrong, and how many there are. */
export async function wrongDigests(verifier: Verifier, ref: StreamRef, { target }: TestStream): Promise<unknown> {
  const seen = await verifier.inspect({ key: ref, target, active: false, copied: false, limit: 100 });
  const keys = seen?.findings.filter(({ kind }) => kind === 'digest').map(({ key }) => key?.['id'] ?? null);
  return { count: seen?.counts.digest ?? 0, keys: keys?.sort() };
}

/** Of destinations whose rows can have digests. `rowId`: what names a row of a table while nobody writes there. */
export function digestContract(makeWorld: () => Promise<VerifyWorld>, { rowId }: { rowId: 'ctid' | 'rowid' }): void {
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
  const wrong = (ref: StreamRef, stream: TestStream) => wrongDigests(verifier, ref, stream);
  async function copyOf(
    ref: StreamRef,
    stream: TestStream,
    records: readonly SourceRecord[],
    repairing: StreamRef | null = null,
  ) {
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

  describe.each(WRITE_MODES)('%s', (mode) => {
    it.each(['exact', 'none'] as const)(
      'every row has its digest, and one that is changed or added is named, resume %s',
      async (resume) => {
        const stream = new TestStream({ mode, resume, metadata: METADATA });
        const { table } = stream.target;
        await wholeRun(destination, stream, items(1, 5));
        const ref = await wholeRun(destination, stream, [item(2, 2), item(3, 9, 'changed'), item(6, 9)]);
        expect(await wrong(ref, stream)).toEqual(NONE);
        expect(await world.run(`SELECT CAST(id AS text) AS id FROM public."${table}" WHERE _sluice_digest IS NULL`)).toEqual([]);
        await world.run(`UPDATE public."${table}" SET name = name || ' ' WHERE id = 3`);
        await world.run(`UPDATE public."${table}" SET name = NULL WHERE id = 2`);
        await world.run(`UPDATE public."${table}" SET updated_at = 'later' WHERE id = 6`);
        const there = (await world.run(
          `SELECT CAST(id AS text) AS id FROM public."${table}" WHERE id IN (2, 3, 6) ORDER BY 1`,
        )) as { id: string }[];
        expect(there.map(({ id }) => id)).toContain('6');
        expect(await wrong(ref, stream)).toEqual({ count: there.length, keys: there.map(({ id }) => id) });
      },
    );
  });

  const nextEpoch = (ref: StreamRef): StreamRef => ({
    ...ref,
    runId: '33333333-3333-4333-8333-333333333333',
    epoch: ref.epoch + 1,
  });

  describe('deletes', () => {
    it('leave digests right, however a row is marked', async () => {
      const jsonSchema = { properties: { id: { type: 'integer' }, name: { type: 'string' }, gone: { type: 'boolean' } } };
      for (const as of ['soft', 'hard'] as const)
        for (const missing of ['soft', 'hard', undefined] as const)
          for (const when of [{ field: 'gone' }, undefined]) {
            if (when === undefined && missing === undefined) continue;
            const deletes = { ...(when && { when }), as, ...(missing && { missing }), allowEmpty: false };
            const stream = new TestStream({ mode: 'incremental_upsert', deletes, jsonSchema, cursorField: null, ...METADATA_OF });
            await wholeRun(destination, stream, [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }]);
            const ref = await wholeRun(destination, stream, [{ id: 1 }, { id: 2, gone: true }, { id: 4, name: 'n' }]);
            expect({ deletes, wrong: await wrong(ref, stream) }).toEqual({ deletes, wrong: NONE });
            const back = await wholeRun(destination, stream, [{ id: 2, gone: false }, { id: 3 }, { id: 4, name: 'n' }]);
            expect({ deletes, wrong: await wrong(back, stream) }).toEqual({ deletes, wrong: NONE });
          }
    });

    it('and a mark that is taken away behind Sluice’s back is named', async () => {
      const deletes = { as: 'soft', missing: 'soft', allowEmpty: false } as const;
      const stream = new TestStream({ mode: 'incremental_upsert', deletes, ...METADATA_OF });
      await wholeRun(destination, stream, items(1, 3));
      const ref = await wholeRun(destination, stream, items(1, 2));
      expect(await world.run(`SELECT CAST(id AS text) AS id FROM public."${stream.target.table}" WHERE _sluice_deleted`)).toEqual(
        [{ id: '3' }],
      );
      await world.run(`UPDATE public."${stream.target.table}" SET _sluice_deleted = false WHERE id = 3`);
      expect(await wrong(ref, stream)).toEqual({ count: 1, keys: ['3'] });
    });
  });

  describe('columns that change', () => {
    it('leave right rows right and wrong rows wrong', async () => {
      const stream = new TestStream({ mode: 'incremental_upsert', jsonSchema: {}, cursorField: null, ...METADATA_OF });
      const { table } = stream.target;
      await wholeRun(destination, stream, [
        { id: 1, n: 1, m: 1, b: true, t: 'x' },
        { id: 2, n: 2, m: 2, b: false, t: 'y' },
      ]);
      const grown = await evolvingRun(destination, stream, [[{ id: 3, more: { a: 1 } }]]);
      expect(await wrong(grown.ref, stream)).toEqual(NONE);
      await world.run(`UPDATE public."${table}" SET n = 20 WHERE id = 2`);
      // bigint → numeric → text, bigint → jsonb, boolean → text
      for (const change of [{ n: 1.5 }, { n: 'text', b: 'perhaps' }, { m: { an: 'object' } }]) {
        const { ref } = await evolvingRun(destination, stream, [[{ id: 4, ...change }]]);
        expect(await wrong(ref, stream)).toEqual({ count: 1, keys: ['2'] });
      }
    });

    it('times that become texts, a generation that is being loaded, and a history', async () => {
      const times = {
        at: { type: 'string', format: 'date' },
        on: { type: 'string', format: 'date-time' },
        raw: { type: 'string', contentEncoding: 'base64' },
      };
      const properties = { id: { type: 'integer' }, updated_at: { type: 'string' }, ...times };
      for (const mode of WRITE_MODES) {
        const contract = { typeConflicts: 'evolve' } as const;
        const stream = new TestStream({ mode, jsonSchema: { properties }, contract, ...METADATA_OF });
        const record = (id: number, change: object) => ({
          ...item(id),
          at: '2026-01-02',
          on: '2026-01-02T03:04:05+01:00',
          raw: 'AQID',
          ...change,
        });
        await wholeRun(destination, stream, [record(1, {}), record(2, {})]);
        const { ref } = await evolvingRun(destination, stream, [
          [record(3, {}), record(4, {})],
          [record(5, {}), record(6, {})],
          [record(7, { at: '2026-01-02T00:00:00Z' }), record(8, { raw: '?', on: 'some day' })],
        ]);
        expect({ mode, wrong: await wrong(ref, stream) }).toEqual({ mode, wrong: NONE });
      }
    });

    it('a field that leaves the schema and comes back', async () => {
      const [id, name] = [{ type: 'integer' }, { type: 'string' }];
      for (const mode of ['incremental_upsert', 'incremental_append', 'full_refresh_append'] as const) {
        const stream = new TestStream({ mode, jsonSchema: { properties: { id, name } }, cursorField: null, ...METADATA_OF });
        const with1 = (properties: object): Partial<StreamTarget> => ({
          jsonSchema: { properties: properties as never },
          contract: { newFields: 'discard_value' },
        });
        await wholeRun(destination, stream, [item(1), item(2)]);
        Object.assign(stream.target, with1({ id }));
        const without = await wholeRun(destination, stream, [{ id: 3 }, { id: 1 }]);
        expect({ mode, wrong: await wrong(without, stream) }).toEqual({ mode, wrong: NONE });
        Object.assign(stream.target, with1({ id, name }));
        const again = await wholeRun(destination, stream, [{ id: 4, name: 'n' }]);
        expect({ mode, wrong: await wrong(again, stream) }).toEqual({ mode, wrong: NONE });
      }
    });
  });

  describe('with the source', () => {
    it('a row of a wrong digest is loaded again, and its digest is right then', async () => {
      const stream = new TestStream({ mode: 'incremental_upsert', ...METADATA_OF });
      const ref = await wholeRun(destination, stream, items(1, 4));
      const { table } = stream.target;
      await world.run(`UPDATE public."${table}" SET _sluice_digest = _sluice_digest + 1 WHERE id = 2`);
      await world.run(`UPDATE public."${table}" SET name = 'else' WHERE id = 3`);
      await world.run(`UPDATE public."${table}" SET _sluice_digest = NULL WHERE id = 4`);
      expect(await wrong(ref, stream)).toEqual({ count: 3, keys: ['2', '3', '4'] });
      const copy = await copyOf(ref, stream, items(1, 4), nextEpoch(ref));
      expect(await copy.repair()).toBe(3);
      expect(await found(copy)).toMatchObject([
        { kind: 'differing', key: { id: '2' }, columns: [], detail: 'its digest is not that of its values', outcome: 'repaired' },
        { kind: 'differing', key: { id: '3' }, columns: ['name'], outcome: 'repaired' },
        { kind: 'differing', key: { id: '4' }, columns: [], outcome: 'repaired' },
      ]);
      await copy.close();
      expect(await wrong(ref, stream)).toEqual(NONE);
    });

    it('what an append’s record was before is known by its digest only', async () => {
      const stream = new TestStream({ mode: 'incremental_append', ...METADATA_OF });
      await wholeRun(destination, stream, [item(1), item(2)]);
      const ref = await wholeRun(destination, stream, [item(1, 5, 'new')]);
      await world.run(`UPDATE public."${stream.target.table}" SET name = 'else' WHERE id = 1 AND name <> 'new'`);
      const copy = await copyOf(ref, stream, [item(1, 5, 'new'), item(2)], nextEpoch(ref));
      expect(await copy.repair()).toBe(0);
      expect(await found(copy)).toMatchObject([{ kind: 'digest', key: { id: '1' }, outcome: 'left' }]);
      await copy.close();
    });

    it('rows that no comparison looks at are looked at by their digests: versions that ended, marked rows', async () => {
      const deletes = { when: { field: 'name', equals: 'gone' }, as: 'soft', allowEmpty: false } as const;
      for (const mode of ['scd2', 'incremental_upsert'] as const) {
        const stream = new TestStream({ mode, deletes, ...METADATA_OF });
        await wholeRun(destination, stream, items(1, 3));
        const ref = await wholeRun(destination, stream, [{ ...item(2, 9), name: 'gone' }]);
        await world.run(`UPDATE public."${stream.target.table}" SET name = 'else' WHERE id = 2`);
        const seen = await verifier.inspect({ key: ref, target: stream.target, active: false, copied: true, limit: 10 });
        expect({ mode, findings: seen?.findings }).toMatchObject({ mode, findings: [{ kind: 'digest', key: { id: '2' } }] });
      }
    });
  });

  describe('a table to which each run adds all', () => {
    it('has every record of the source, or it is named; older rows are left alone', async () => {
      for (const more of [{}, METADATA_OF]) {
        const stream = new TestStream({ mode: 'full_refresh_append', ...more });
        await wholeRun(destination, stream, [item(1), item(2, 2, 'before'), item(9)]);
        const ref = await wholeRun(destination, stream, items(1, 4));
        const { table } = stream.target;
        const clean = await copyOf(ref, stream, items(1, 4));
        expect(await found(clean)).toEqual([]);
        await clean.close();
        await world.run(`UPDATE public."${table}" SET name = 'else' WHERE id = 3`);
        await world.run(`DELETE FROM public."${table}" WHERE id = 4`);
        const copy = await copyOf(ref, stream, items(1, 4), nextEpoch(ref));
        expect(await copy.repair()).toBe(0);
        expect(await found(copy)).toMatchObject([
          { kind: 'differing', key: { id: '3' }, outcome: 'left' },
          { kind: 'missing', key: { id: '4' }, outcome: 'left' },
        ]);
        await copy.close();
      }
      const unkeyed = new TestStream({ mode: 'full_refresh_append', primaryKey: [], cursorField: null });
      await wholeRun(destination, unkeyed, [item(1)]);
      const ref = await wholeRun(destination, unkeyed, [item(1), item(2), item(2)]);
      await world.run(
        `DELETE FROM public."${unkeyed.target.table}" WHERE ${rowId} = (SELECT min(${rowId}) FROM public."${unkeyed.target.table}" WHERE id = 2)`,
      );
      const copy = await copyOf(ref, unkeyed, [item(1), item(2), item(2)]);
      expect(await found(copy)).toMatchObject([{ kind: 'missing', key: null }]);
      await copy.close();
    });
  });
}
