import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomInt } from 'node:crypto';
import { toSluiceError } from '../../libs/errors/index.js';
import { randomFrom } from '../chaos/random.js';
import type { SourceRecord } from '../../libs/contracts/stream.js';
import { page, slice, TestStream, type DestinationWorld } from './destination-world.js';

const item = {
  type: 'object',
  properties: {
    n: { type: 'integer' },
    price: { type: 'number' },
    yes: { type: 'boolean' },
    day: { type: 'string', format: 'date' },
    at: { type: 'string', format: 'date-time' },
    bytes: { type: 'string', contentEncoding: 'base64' },
    text: { type: 'string' },
  },
};
const jsonSchema = { properties: { id: { type: 'integer' }, at: { type: 'integer' }, items: { type: 'array', items: item } } };
const ODD = [
  ...[null, true, 'yes', 0, 1, '12', '+5', ' 7', '1e3', 1e3, 1.5, '1.', '.5', -0, 2 ** 53, 1e300, '9'.repeat(30), 'Infinity', ''],
  ...['2026-02-28', '2026-02-30', '2026-01-01T00:00:00Z', '2026-01-01 10:00:00.123456789+02', '0001-01-01', '24:00'],
  ...['YQ==', 'YQ', '_-8', 'a b', '====', [], [1], {}, { a: 'b' }, 'é', '\\', "'"],
] as const;

/** What the fields' columns take, so that rows are there when one is widened; most are written otherwise than the column has them. */
const FITTING: Readonly<Record<string, readonly unknown[]>> = {
  n: [null, 1, 1e3, -0, '12', '+5', '007'],
  price: [null, 1.5, 1e300, '+5', '1.50', '9'.repeat(30)],
  yes: [null, true, false],
  day: [null, '2026-02-28', '0001-01-01'],
  at: [null, '2026-01-01T00:00:00Z', '2026-01-01 10:00:00.123456789+02', '2026-01-01T10:00:00.5-05:30'],
  bytes: [null, '', 'YQ==', 'YQ', '_-8', '1e3'],
};

/** Of destinations whose lists become tables of their own. */
export function childrenModel(makeWorld: () => Promise<DestinationWorld>): void {
  let world: DestinationWorld;
  beforeAll(async () => {
    world = await makeWorld();
  });
  afterAll(() => world?.close());

  /**
   * A model: a record of a stale cursor changes nothing, another one replaces the list. Values of any kind come, writers die with uncommitted chunks, tables grow
   * in the middle; after each run a verification compares every element with its row, and nothing may be refused by the database.
   */
  test.each([randomInt(1, 2 ** 31), randomInt(1, 2 ** 31), 7])(
    'whatever lists hold, children are those of the last records (seed %i)',
    async (seed) => {
      const random = randomFrom(seed);
      const oneOf = (values: readonly unknown[]): unknown => values[Math.floor(random.between(0, values.length))];
      const mode = random.pick(['incremental_upsert', 'incremental_append', 'full_refresh_overwrite'] as const);
      const contract = {
        typeConflicts: random.pick(['evolve', 'quarantine', 'discard_value'] as const),
        newFields: random.pick(['evolve', 'discard_value'] as const),
      } as const;
      const stream = new TestStream({
        mode,
        jsonSchema,
        contract,
        cursorField: 'at',
        cursorOrder: 'number',
        primaryKey: mode === 'incremental_upsert' ? ['id'] : [],
        childTables: ['items'],
      });
      const destination = world.connect();
      try {
        for (let run = 1; run <= 3; run += 1) {
          const chunks = Array.from({ length: 4 }, (_, n) => {
            const isCalm = random.between(0, 1) < 0.5;
            return Array.from({ length: 6 }, (): SourceRecord => {
              const element = () =>
                random.pick([null, 'scalar', {}] as const) ??
                Object.fromEntries(
                  [...Object.keys(item.properties), 'extra'].map((field) => [
                    field,
                    oneOf(isCalm ? (FITTING[field] ?? ODD) : ODD),
                  ]),
                );
              const items = Array.from({ length: Math.floor(random.between(0, 4)) }, element);
              return { id: Math.floor(random.between(1, 8)), at: run * 10 + n, items };
            });
          });
          const ref = stream.nextRun();
          const { target } = stream;
          await destination.prepare({ ref, target });
          for (let fence = 1, isDone = false; !isDone; fence += 1) {
            const writer = await destination.open({ ref, target, slice: slice(), fence });
            try {
              for (let n = ((writer.position as { n: number } | null)?.n ?? -1) + 1; n < chunks.length; n += 1) {
                await writer.write(page(chunks[n] ?? [], { n }));
                if (fence < 20 && random.between(0, 1) < 0.2) throw new Error('killed');
                await writer.commit({ n });
              }
              await writer.complete({ n: chunks.length }, () => ({}));
              isDone = true;
            } catch (error) {
              const killed = error instanceof Error && error.message === 'killed';
              if (!killed && toSluiceError(error).code !== 'SCHEMA_MOVED') throw error;
              if (fence > 60) throw error;
            } finally {
              await writer.close();
            }
          }
          await destination.finish({ ref, target });
          const seen = await destination.verifier?.inspect({ key: ref, target, active: false, copied: false, limit: 10 });
          expect(seen?.findings).toEqual([]);
          const parents = await world.rows(target.table);
          const lists = parents.reduce((sum, { items }) => sum + (Array.isArray(items) ? items.length : 0), 0);
          expect(await world.rows(`${target.table}__items`)).toHaveLength(lists);
        }
      } finally {
        await destination.close();
      }
    },
  );
}
