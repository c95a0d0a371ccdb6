import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Destination } from '../../libs/contracts/destination.port.js';
import { Decimal } from '../../libs/json/index.js';
import { TestStream, wholeRun } from './destination-world.js';
import { evolvingRun } from './evolving-run.js';
import { postgresWorld, type PostgresWorld } from './postgres-world.js';

let world: PostgresWorld;
let destination: Destination;
beforeAll(async () => {
  world = await postgresWorld();
  destination = world.connect();
});
afterAll(async () => {
  await destination.close();
  await world.close();
});

const address = {
  type: ['null', 'object'],
  properties: {
    city: { type: 'string' },
    since: { type: 'string', format: 'date' },
    geo: { type: 'object', properties: { lat: { type: 'number' } } },
    constructor: { type: 'string' },
  },
};
const jsonSchema = { properties: { id: { type: 'integer' }, address, tags: { type: 'array' } } };

describe.each(['incremental_append', 'incremental_upsert', 'full_refresh_overwrite'] as const)('%s', (mode) => {
  test('objects are taken apart into columns of their fields, declared ones and others', async () => {
    const stream = new TestStream({ mode, jsonSchema, cursorField: null, nested: 'flatten' });
    const { ref } = await evolvingRun(destination, stream, [
      [
        {
          id: 1,
          address: { city: 'Bern', since: '2026-01-01', geo: { lat: new Decimal('46.94809012345678901') } },
          tags: [{ a: 1 }],
        },
        { id: 2, address: null },
        { id: 3, address: {} },
      ],
      [{ id: 4, address: { zip: 3000, geo: { lat: 1, deep: { er: { and: { more: true } } } } } }],
      [{ id: 5, address: 'Bern' }],
      [
        { id: 6, address: { since: 'always', city: 'Basel' } },
        { id: 7, address: { city: 'a\0b' } },
      ],
    ]);
    expect(await destination.inspect({ ref })).toMatchObject({ read: 7, inserted: 5, quarantined: 2 });
    const { rows } = await world.sql.query(
      `SELECT id::int, address__city AS city, address__since::text AS since, address__geo__lat::text AS lat, address__zip::int AS zip,
         address__geo__deep__er__and AS more, address AS whole, tags FROM "${stream.target.table}" ORDER BY id`,
    );
    const none = { city: null, since: null, lat: null, zip: null, more: null, whole: null, tags: null };
    expect(rows).toEqual([
      { ...none, id: 1, city: 'Bern', since: '2026-01-01', lat: '46.94809012345678901', tags: [{ a: 1 }] },
      { ...none, id: 2 },
      { ...none, id: 3, whole: {} },
      { ...none, id: 4, lat: '1', zip: 3000, more: { more: true } },
      { ...none, id: 5, whole: 'Bern' },
    ]);
    const kept = await world.sql.query(
      `SELECT reason, field, record::text FROM sluice.quarantine WHERE run_id = $1 ORDER BY id`,
      [ref.runId],
    );
    expect(kept.rows).toEqual([
      { reason: 'type_conflict', field: 'address.since', record: '{"id":6,"address":{"since":"always","city":"Basel"}}' },
      { reason: 'nul_character', field: 'address.city', record: '{"id":7,"address":{"city":"a\\u0000b"}}' },
    ]);
  });
});

test('a value inside an object is left out and counted where the contract says so, and nothing else of the object', async () => {
  const contract = { newFields: 'discard_value', typeConflicts: 'discard_value' } as const;
  const stream = new TestStream({ mode: 'incremental_append', jsonSchema, cursorField: null, nested: 'flatten', contract });
  const ref = await wholeRun(destination, stream, [
    { id: 1, address: { city: 'a\0b', since: 'always', new: 1, geo: { lat: 2, new: 2 } } },
  ]);
  expect(await destination.inspect({ ref })).toMatchObject({ inserted: 1, discarded: 4, quarantined: 0 });
  expect(await world.rows(stream.target.table)).toMatchObject([{ id: 1, address__city: null, address__geo__lat: 2 }]);
});

test('where fields are named, what is inside them is loaded, and nothing beside them', async () => {
  const fields = ['id', 'address'];
  const stream = new TestStream({ mode: 'incremental_append', jsonSchema: {}, fields, cursorField: null, nested: 'flatten' });
  await evolvingRun(destination, stream, [[{ id: 1, address: { city: 'Bern' }, other: { x: 1 } }]]);
  expect(await world.rows(stream.target.table)).toEqual([{ id: 1, address: null, address__city: 'Bern' }]);
});

test('boundary records of an append are recognised by what is inside them too', async () => {
  const stream = new TestStream({
    ...{ mode: 'incremental_append', jsonSchema: {}, cursorField: 'at', cursorOrder: 'number', nested: 'flatten' },
  });
  const same = { id: 1, at: 5, more: { a: 1 } };
  await evolvingRun(destination, stream, [[same]]);
  const { ref } = await evolvingRun(destination, stream, [[same, { ...same, more: { a: 2 } }]]);
  expect(await destination.inspect({ ref })).toMatchObject({ read: 2, inserted: 1, deduplicated: 1 });
});

test('names are made simple where the sync asks for it, collisions are told apart, and what has a name keeps it', async () => {
  const stream = new TestStream({
    ...{ mode: 'incremental_append', jsonSchema: {}, cursorField: null, primaryKey: [], nested: 'flatten', names: 'snake_case' },
  });
  await evolvingRun(destination, stream, [[{ firstName: 'a', 'Post Code': { 'D-A-CH': 1 } }], [{ first_name: 'b', '!!!': 2 }]]);
  const [first, second] = await world.rows(stream.target.table);
  expect(first).toMatchObject({ first_name: 'a', post_code_d_a_ch: 1 });
  expect(Object.entries(second ?? {}).filter(([, value]) => value !== null)).toEqual(
    expect.arrayContaining([
      [expect.stringMatching(/^first_name_[0-9a-f]{8}$/), 'b'],
      ['_', 2],
    ]),
  );
});

test('an object with fields of any name is JSON as it came', async () => {
  const stream = new TestStream({ mode: 'incremental_append', jsonSchema: {}, cursorField: null, primaryKey: [] });
  const value = { toString: 'x', valueOf: 1, toJSON: null, __proto__: null, constructor: [new Decimal('1.10')] };
  await evolvingRun(destination, stream, [[{ value }]]);
  const { rows } = await world.sql.query(`SELECT value::text FROM "${stream.target.table}"`);
  expect(rows).toEqual([{ value: '{"toJSON": null, "valueOf": 1, "toString": "x", "constructor": [1.10]}' }]);
});
