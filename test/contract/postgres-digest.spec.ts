import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Destination, StreamRef } from '../../libs/contracts/destination.port.js';
import type { Verifier } from '../../libs/contracts/verifier.port.js';
import { DIGESTS } from '../../libs/destinations/postgres/row-digest.js';
import type { Column } from '../../libs/typing/index.js';
import { DIGESTED, digestContract, METADATA_OF, NONE, wrongDigests } from './destination-digest.contract.js';
import { evolvingRun } from './evolving-run.js';
import { slice, TestStream, wholeRun } from './destination-world.js';
import { postgresWorld, type PostgresWorld } from './postgres-world.js';

describe('digests of rows', () =>
  digestContract(
    async () => {
      const own = await postgresWorld();
      return { ...own, run: async (sql) => (await own.sql.query<Record<string, unknown>>(sql)).rows };
    },
    { rowId: 'ctid' },
  ));

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

const wrong = (ref: StreamRef, stream: TestStream) => wrongDigests(verifier, ref, stream);
const sql = async (statement: string): Promise<unknown[]> => (await world.sql.query<Record<string, unknown>>(statement)).rows;

it('columns that change leave right rows right and wrong rows wrong; what was not widened is not written', async () => {
  const stream = new TestStream({ mode: 'incremental_upsert', jsonSchema: {}, cursorField: null, ...METADATA_OF });
  const { table } = stream.target;
  await wholeRun(destination, stream, [
    { id: 1, n: 1, m: 1, b: true, t: 'x' },
    { id: 2, n: 2, m: 2, b: false, t: 'y' },
  ]);
  const place = () => sql(`SELECT id::int, ctid::text, _sluice_digest FROM "${table}" WHERE id = 1`);
  const before = await place();
  const grown = await evolvingRun(destination, stream, [[{ id: 3, more: { a: 1 } }]]);
  expect(await wrong(grown.ref, stream)).toEqual(NONE);
  expect(await place()).toEqual(before);
  await world.sql.query(`UPDATE "${table}" SET n = 20 WHERE id = 2`);
  // bigint → numeric → text, bigint → jsonb, boolean → text
  for (const change of [{ n: 1.5 }, { n: 'text', b: 'perhaps' }, { m: { an: 'object' } }]) {
    const { ref } = await evolvingRun(destination, stream, [[{ id: 4, ...change }]]);
    expect(await wrong(ref, stream)).toEqual({ count: 1, keys: ['2'] });
  }
  const types = `SELECT column_name AS name, data_type AS type FROM information_schema.columns WHERE table_name = '${table}'`;
  expect(await sql(types)).toEqual(
    expect.arrayContaining([
      { name: 'n', type: 'text' },
      { name: 'm', type: 'jsonb' },
      { name: 'b', type: 'text' },
    ]),
  );
});

describe('a digest', () => {
  const VALUES: Readonly<Record<Column['type'], readonly string[]>> = {
    ...DIGESTED,
    numeric: [...DIGESTED.numeric, 'NaN'],
    bytea: ['\\x00', '\\x0001'],
  };
  const digests = async (column: Column): Promise<string[]> => {
    const values = VALUES[column.type].map((value) => `('${value}'::${column.type})`).join(', ');
    const rows = await sql(
      `SELECT (${DIGESTS.rowDigest([column], () => 'v')})::text AS digest FROM (VALUES ${values}, (NULL)) AS x (v)`,
    );
    return (rows as { digest: string }[]).map(({ digest }) => digest);
  };

  it('is another one for every value and every column, and the same whatever the session’s settings are', async () => {
    for (const type of Object.keys(VALUES) as Column['type'][]) {
      const plain = await digests({ name: 'c', path: ['c'], type });
      expect({ type, different: new Set(plain).size }).toEqual({ type, different: VALUES[type].length + 1 });
      expect(plain.at(-1)).toBe('0');
      const other = await digests({ name: 'd', path: ['d'], type });
      expect(other.slice(0, -1).filter((digest) => plain.includes(digest))).toEqual([]);
      await world.sql.query(
        `SET datestyle = 'SQL, DMY'; SET timezone = 'America/St_Johns'; SET bytea_output = 'escape'; SET extra_float_digits = -5; SET intervalstyle = 'sql_standard'; SET search_path = public`,
      );
      expect({ type, digests: await digests({ name: 'c', path: ['c'], type }) }).toEqual({ type, digests: plain });
      await world.sql.query('RESET ALL');
    }
  });

  it('can be made of as many columns as a table may have', async () => {
    const columns = Array.from({ length: 1_590 }, (_, n): Column => ({ name: `column ${n}`, path: [`${n}`], type: 'bigint' }));
    expect(await sql(`SELECT ${DIGESTS.rowDigest(columns, () => 'v')} <> 0 AS made FROM (VALUES (7::bigint)) AS x (v)`)).toEqual([
      { made: true },
    ]);
  });
});

it('rows that pass unseen have digests too', async () => {
  const stream = new TestStream({ mode: 'incremental_append', cursorField: null, ...METADATA_OF });
  const ref = stream.nextRun();
  const { target } = stream;
  await destination.prepare({ ref, target });
  const writer = await destination.open({ ref, target, slice: slice(), fence: 1 });
  expect(await writer.copyTarget?.()).toMatchObject({ filler: true, formats: ['copy_binary', 'copy_text'] });
  const line = Buffer.from('1\tone\t2026-01-01\t0\n');
  const head = Buffer.from([0x64, 0, 0, 0, line.length + 4]);
  await writer.write({
    format: 'copy_text',
    body: Buffer.concat([head, line]),
    rows: 1,
    bytes: line.length,
    requests: 1,
    position: null,
  });
  await writer.complete(null, () => null);
  await writer.close();
  await destination.finish({ ref, target });
  expect(await world.rows(target.table)).toEqual([
    { id: 1, name: 'one', updated_at: '2026-01-01', _sluice_digest: expect.any(Number) },
  ]);
  expect(await wrong(ref, stream)).toEqual(NONE);
});
