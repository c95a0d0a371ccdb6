import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Destination } from '../../libs/contracts/destination.port.js';
import { WRITE_MODES } from '../../libs/contracts/write-mode.js';
import { createDestination } from '../../libs/destinations/registry.js';
import { SluiceError } from '../../libs/errors/index.js';
import { byId, commitChunk, items, page, slice, TestStream, wholeRun } from './destination-world.js';
import { postgresWorld, type PostgresWorld } from './postgres-world.js';

/** Not to be found in anything that leaves the loader. */
const MARKER = 'marker-5d1f0c';
/** A role of its own, since roles belong to the whole server. */
const WEAK = { user: `weak_${randomBytes(4).toString('hex')}`, password: 'weak' };

let world: PostgresWorld;
let destination: Destination;
beforeAll(async () => {
  world = await postgresWorld();
  await world.sql.query(`CREATE ROLE ${WEAK.user} LOGIN PASSWORD '${WEAK.password}'`);
});
beforeEach(() => {
  destination = world.connect();
});
afterEach(() => destination.close());
afterAll(async () => {
  await world.sql.query(`DROP ROLE ${WEAK.user}`);
  await world.close();
});

/** Everything that a log could print of an error. */
function allWords(error: unknown): string {
  const seen: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause)
    seen.push(
      at.name,
      at.message,
      at.stack ?? '',
      JSON.stringify(Object.fromEntries(Object.entries(at).filter(([name]) => name !== 'cause'))),
    );
  return seen.join('\n');
}

async function failureOf(work: Promise<unknown>): Promise<SluiceError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SluiceError);
  return error as SluiceError;
}

describe.each(WRITE_MODES)('%s', (mode) => {
  test('a value that does not fit a frozen table fails with the column’s name and without the value, and the old rows stay', async () => {
    const stream = new TestStream({ mode, contract: { typeConflicts: 'freeze' } });
    const { target } = stream;
    await wholeRun(destination, stream, items(1, 3));
    const ref = stream.nextRun();
    await destination.prepare({ ref, target });
    const writer = await destination.open({ ref, target, slice: slice(), fence: 1 });
    await writer.write(page(items(7, 8)));
    const error = await failureOf(
      (async () => {
        await writer.write(page([{ id: MARKER, name: 'x', updated_at: '2026-02-01' }]));
        await writer.complete(null, () => null);
      })(),
    );
    expect(error).toMatchObject({ code: 'SCHEMA_FROZEN', retryable: false, detail: expect.stringContaining('column id') });
    expect(allWords(error)).not.toContain(MARKER);
    await writer.close();
    expect(byId(await world.rows(target.table))).toEqual([1, 2, 3]);
  });

  test('the destination’s own constraint is named, not the record', async () => {
    const stream = new TestStream({ mode });
    const { target } = stream;
    await wholeRun(destination, stream, items(1, 3));
    await world.sql.query(`ALTER TABLE "${target.table}" ADD CONSTRAINT short_names CHECK (length(name) < 10)`);
    const error = await failureOf(
      wholeRun(destination, stream, [{ id: 9, name: `${MARKER} and more`, updated_at: '2026-02-01' }]),
    );
    expect(error).toMatchObject({ code: 'DESTINATION_CONSTRAINT', details: { constraint: 'short_names' } });
    expect(allWords(error)).not.toContain(MARKER);
    expect(byId(await world.rows(target.table))).toEqual([1, 2, 3]);
  });

  test('a role without permissions is told what it lacks', async () => {
    const stream = new TestStream({ mode });
    const { target } = stream;
    await wholeRun(destination, stream, items(1, 3));
    const weak = world.connectAs(WEAK);
    try {
      const error = await failureOf(weak.prepare({ ref: stream.nextRun(), target }));
      expect(error).toMatchObject({ code: 'DESTINATION_PERMISSION_DENIED' });
      expect(error.detail).toMatch(/permission denied for/);
    } finally {
      await weak.close();
    }
  });
});

test('a role that may not create Sluice’s schema is told what to grant', async () => {
  await world.sql.query('DROP SCHEMA IF EXISTS sluice CASCADE');
  const weak = world.connectAs(WEAK);
  try {
    const error = await failureOf(weak.check());
    expect(error).toMatchObject({
      code: 'DESTINATION_PERMISSION_DENIED',
      detail: expect.stringContaining('GRANT CREATE ON DATABASE'),
    });
  } finally {
    await weak.close();
  }
});

test.each([
  ['a port where nobody listens', { port: 1 }, 'DESTINATION_UNREACHABLE'],
  ['a database that does not exist', { database: 'nowhere' }, 'DESTINATION_UNSUPPORTED'],
])('%s', async (_, change, code) => {
  const other = world.connectAs(change);
  await expect(other.check()).rejects.toMatchObject({ code });
  await other.close();
});

test('an address that egress refuses is not connected to', async () => {
  const refusing = createDestination({
    connector: 'postgres',
    config: { host: '10.1.2.3', database: 'x', user: 'x' },
    secrets: {},
    egress: { assertHostAllowed: ({ host }) => Promise.reject(new SluiceError('EGRESS_REFUSED', { detail: host })) },
  });
  await expect(refusing.check()).rejects.toMatchObject({ code: 'EGRESS_REFUSED' });
  await refusing.close();
});

test('a configuration that is not one names its fields and repeats no value', () => {
  const make = () => createDestination({ connector: 'postgres', config: { host: '', port: 'x', pasword: MARKER }, secrets: {} });
  let error: unknown;
  try {
    make();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
  expect((error as SluiceError).errors.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['/host', '/port', '/database', '/user']),
  );
  expect(allWords(error)).not.toContain(MARKER);
});

test('more fields than a table can have columns are refused before anything is made', async () => {
  const properties = Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`f${n}`, { type: 'integer' }]));
  const stream = new TestStream({ mode: 'incremental_append', jsonSchema: { properties } });
  const error = await failureOf(destination.prepare({ ref: stream.nextRun(), target: stream.target }));
  expect(error).toMatchObject({ code: 'DESTINATION_UNSUPPORTED' });
  expect(error.message).toContain('`fields`');
  const { rows } = await world.sql.query('SELECT to_regclass($1) AS "table"', [`public.${stream.target.table}`]);
  expect(rows).toEqual([{ table: null }]);
});

test('after a refused record the next attempt goes on where the last chunk ended', async () => {
  const stream = new TestStream({ mode: 'incremental_append', contract: { typeConflicts: 'freeze' } });
  const ref = stream.nextRun();
  const { target } = stream;
  await destination.prepare({ ref, target });
  const writer = await destination.open({ ref, target, slice: slice(), fence: 1 });
  await commitChunk(writer, items(1, 3), { after: 3 });
  await failureOf(writer.write(page([{ id: 'x' }], { after: 4 })));
  await failureOf(writer.write(page(items(5, 6), { after: 6 })));
  await writer.close();
  const next = await destination.open({ ref, target, slice: slice(), fence: 2 });
  expect(next.position).toEqual({ after: 3 });
  await next.close();
});
