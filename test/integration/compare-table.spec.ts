import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { compareTable, isRight } from '../../apps/demo/compare-table.js';
import { demoSucceeded } from '../../apps/demo/report.js';
import { recordsById } from '../../apps/demo/shop-client.js';
import { initialState } from '../../apps/demo-shop/generator.js';

const databaseUrl = process.env['SLUICE_TEST_DATABASE_URL'] ?? '';
const ROWS = 500;
const state = initialState({ customers: 1, orders: 1, order_items: 1, products: 1, events: ROWS });
const schema = `compare_${randomUUID().slice(0, 8)}`;
const client = new pg.Client({ connectionString: databaseUrl });

const COLUMN_TYPES: Record<string, string> = { number: 'numeric', boolean: 'boolean', object: 'jsonb' };

/** Rows as any loader would have stored them: a table of its own, filled from the generator. */
async function fill(): Promise<void> {
  const records = [...recordsById('events', state)];
  const first = records[0] ?? { id: 0 };
  const typeOf = (name: string): string => {
    if (/_at$/.test(name)) return 'timestamptz';
    const value = records.map((record) => record[name]).find((sample) => sample !== null && sample !== undefined);
    return COLUMN_TYPES[typeof value] ?? 'text';
  };
  const names = Object.keys(first);
  await client.query(`DROP TABLE IF EXISTS ${schema}.events`);
  await client.query(`CREATE TABLE ${schema}.events (${names.map((name) => `"${name}" ${typeOf(name)}`).join(', ')})`);
  const escape = (text: string): string =>
    text.replace(/[\\\t\n\r]/g, (found) => ({ '\\': '\\\\', '\t': '\\t', '\n': '\\n' })[found] ?? '\\r');
  const cell = (value: unknown): string => {
    if (value === null || value === undefined) return '\\N';
    return escape(typeof value === 'string' ? value : JSON.stringify(value));
  };
  const lines = records.map((record) => `${names.map((name) => cell(record[name])).join('\t')}\n`);
  await pipeline(Readable.from(lines), client.query(copyFrom(`COPY ${schema}.events FROM STDIN`)));
}

const compare = () => compareTable({ databaseUrl, schema, table: 'events', expected: recordsById('events', state) });
const succeeded = (comparison: Awaited<ReturnType<typeof compare>>) =>
  demoSucceeded({ comparison, requests: 1, repeated: 0, seconds: 1, runState: 'succeeded' });

describe('the check at the end of the demo', () => {
  beforeAll(async () => {
    await client.connect();
    await client.query(`CREATE SCHEMA ${schema}`);
  });
  afterAll(async () => {
    await client.query(`DROP SCHEMA ${schema} CASCADE`);
    await client.end();
  });
  beforeEach(fill);

  it('is content with a table that holds what the source has', async () => {
    const result = await compare();
    expect(result).toMatchObject({ source: ROWS, destination: ROWS, lost: 0, duplicated: 0, differing: 0, unexpected: 0 });
    expect(isRight(result)).toBe(true);
    expect(succeeded(result)).toBe(true);
  });

  it('finds a deleted row', async () => {
    await client.query(`DELETE FROM ${schema}.events WHERE id = 17`);
    const result = await compare();
    expect(result).toMatchObject({ destination: ROWS - 1, lost: 1, duplicated: 0, differing: 0, samples: { lost: [17] } });
    expect(succeeded(result)).toBe(false);
  });

  it('finds a doubled row, though the total is what it should be when another is gone', async () => {
    await client.query(`INSERT INTO ${schema}.events SELECT * FROM ${schema}.events WHERE id = 40`);
    await client.query(`DELETE FROM ${schema}.events WHERE id = ${ROWS}`);
    const result = await compare();
    expect(result).toMatchObject({
      destination: ROWS,
      lost: 1,
      duplicated: 1,
      differing: 0,
      samples: { duplicated: [40], lost: [ROWS] },
    });
    expect(succeeded(result)).toBe(false);
  });

  it('finds an edited row', async () => {
    await client.query(`UPDATE ${schema}.events SET updated_at = updated_at + interval '1 millisecond' WHERE id = 3`);
    const result = await compare();
    expect(result).toMatchObject({ lost: 0, duplicated: 0, differing: 1, samples: { differing: [3] } });
    expect(succeeded(result)).toBe(false);
  });

  it('finds a row that the source never had', async () => {
    await client.query(`UPDATE ${schema}.events SET id = 999999 WHERE id = 5`);
    const result = await compare();
    expect(result).toMatchObject({ lost: 1, unexpected: 1 });
    expect(succeeded(result)).toBe(false);
  });
});
