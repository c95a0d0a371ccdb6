import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Destination, StreamRef, StreamTarget } from '../../libs/contracts/destination.port.js';
import type { SourceRecord } from '../../libs/contracts/stream.js';
import type { Finding } from '../../libs/contracts/verifier.port.js';
import { parseJson, stringifyJson } from '../../libs/json/index.js';
import { TestStream, wholeRun } from './destination-world.js';
import type { VerifyWorld } from './destination-verify.contract.js';
import { evolvingRun } from './evolving-run.js';

/** What becomes of fields of elements that a contract leaves out, and of lists that somebody else wrote. */
export function discardedChildrenContract(makeWorld: () => Promise<VerifyWorld>): void {
  let world: VerifyWorld;
  let destination: Destination;
  beforeAll(async () => {
    world = await makeWorld();
    destination = world.connect();
  });
  afterAll(async () => {
    await destination?.close();
    await world?.close();
  });

  const element = { sku: { type: 'string' }, qty: { type: 'integer' }, due: { type: 'string', format: 'date' } };
  const items = { type: 'array', items: { type: 'object', properties: element } };
  const jsonSchema = { properties: { id: { type: 'integer' }, at: { type: 'integer' }, items } };
  const closed = { newFields: 'discard_value' } as const;
  const family = (change: Partial<StreamTarget> & Pick<StreamTarget, 'mode'>): TestStream =>
    new TestStream({ jsonSchema, cursorField: 'at', cursorOrder: 'number', childTables: ['items'], ...change });
  const order = (id: number, at: number, list: unknown): SourceRecord => ({ id, at, items: list });

  /** What a verification finds of one run's stream. */
  async function verified(ref: StreamRef, { target }: TestStream): Promise<unknown> {
    const seen = await destination.verifier?.inspect({ key: ref, target, active: false, copied: false, limit: 10 });
    return seen?.findings;
  }
  /** What a verification with the source finds. `repaired`: how many rows a repair loads then; null: there is none. */
  async function compared(
    ref: StreamRef,
    { target }: TestStream,
    { records, repaired }: { records: readonly SourceRecord[]; repaired: number | null },
  ): Promise<Finding[]> {
    const copy = await destination.verifier?.copy({ key: ref, target });
    if (copy === undefined) throw new Error('the destination verifies');
    try {
      await copy.write({ format: 'records', records, position: null, bytes: 0, requests: 1 });
      await copy.compare({ repairing: repaired === null ? null : ref });
      if (repaired !== null) expect(await copy.repair()).toBe(repaired);
      const found: Finding[] = [];
      for await (const batch of copy.findings()) found.push(...batch);
      return found;
    } finally {
      await copy.close();
    }
  }

  test.each(['incremental_append', 'incremental_upsert', 'full_refresh_overwrite', 'full_refresh_append'] as const)(
    'what is discarded is in no list, so that a contract which takes new fields later makes no row wrong: %s',
    async (mode) => {
      const stream = family({ mode, contract: closed });
      const old = [order(1, 1, [{ sku: 'a', more: 'word', none: null }, 'x']), order(2, 1, [{ sku: 'b', more: 5 }])];
      const first = await wholeRun(destination, stream, old);
      expect(await destination.inspect({ ref: first })).toMatchObject({ inserted: 2, discarded: 3 });
      const lists = (await world.rows(stream.target.table)).map(({ items: list }) => stringifyJson(list));
      const wanted = ['[{"sku":"a","none":null},null]', '[{"sku":"b"}]'];
      expect(lists.sort()).toEqual(wanted.map((list) => stringifyJson(parseJson(list))));

      Object.assign(stream.target, { contract: {} });
      // The second is older than its row in an upsert, whose list stays.
      const { ref } = await evolvingRun(destination, stream, [[order(3, 2, [{ sku: 'c', more: 7 }])], [order(1, 0, [])]]);
      expect(await verified(ref, stream)).toEqual([]);
    },
  );

  test.each(['incremental_append', 'incremental_upsert', 'full_refresh_append'] as const)(
    'a column that comes back has what the lists say: %s',
    async (mode) => {
      const stream = family({ mode });
      const list = [{ sku: 'a', more: 5 }];
      await evolvingRun(destination, stream, [[order(1, 1, list), order(2, 1, [{ sku: 'b', more: 6 }])]]);
      Object.assign(stream.target, { contract: closed });
      await wholeRun(destination, stream, [order(1, 2, list)]);
      Object.assign(stream.target, { contract: {} });
      const { ref } = await evolvingRun(destination, stream, [[order(4, 4, [{ sku: 'd', more: 9 }])]]);
      expect(await verified(ref, stream)).toEqual([]);
      const rows = await world.run(
        `SELECT sku, CAST(more AS text) AS more FROM public."${stream.target.table}__items" ORDER BY sku, more`,
      );
      const said = { a: mode === 'incremental_upsert' ? [null] : ['5', null], b: ['6'], d: ['9'] };
      expect(rows).toEqual(Object.entries(said).flatMap(([sku, all]) => all.map((more) => ({ sku, more }))));
    },
  );

  test('a verification with the source names rows from before a field was taken, and a repair loads these alone', async () => {
    const stream = family({ mode: 'incremental_upsert', contract: closed, metadata: ['run'] });
    const records = [order(1, 1, [{ sku: 'a', more: 5 }]), order(2, 1, [{ sku: 'b' }])];
    await wholeRun(destination, stream, records);
    Object.assign(stream.target, { contract: {} });
    const added = order(3, 2, [{ sku: 'c', more: 7 }]);
    const { ref } = await evolvingRun(destination, stream, [[added]]);
    const all = { records: [...records, added] };
    expect(await verified(ref, stream)).toEqual([]);
    expect(await compared(ref, stream, { ...all, repaired: null })).toMatchObject([
      { kind: 'differing', key: { id: '1' }, columns: ['items'] },
    ]);
    const rows = async () =>
      (await world.rows(`${stream.target.table}__items`)).sort((a, b) => String(a.sku).localeCompare(String(b.sku)));
    const [first, ...others] = await rows();
    const repairing = stream.nextRun();
    expect(await compared(repairing, stream, { ...all, repaired: 1 })).toMatchObject([
      { kind: 'differing', outcome: 'repaired' },
    ]);
    expect(await rows()).toEqual([{ ...first, more: 5, _sluice_run: repairing.runId }, ...others]);
    expect(await compared(repairing, stream, { ...all, repaired: null })).toEqual([]);
    expect(await verified(repairing, stream)).toEqual([]);
  });

  test('a list that somebody else wrote, with what no column takes, does not keep a verification from its end', async () => {
    const stream = family({ mode: 'incremental_upsert' });
    const records = [order(1, 1, [{ sku: 'a', qty: 1, due: '2026-01-01' }])];
    await wholeRun(destination, stream, records);
    const wrong = stringifyJson([{ sku: 'a', qty: 'many', due: '2026-02-30' }]);
    await world.run(`UPDATE public."${stream.target.table}" SET items = '${wrong}'`);
    const ref = stream.nextRun();
    expect(await verified(ref, stream)).toMatchObject([
      { kind: 'children', detail: expect.stringContaining('0 rows are missing, 0 too many, 1 differ') as unknown },
    ]);
    await compared(ref, stream, { records, repaired: 1 });
    expect(await verified(ref, stream)).toEqual([]);
  });
}
