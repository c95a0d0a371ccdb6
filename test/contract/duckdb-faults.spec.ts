import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadDriver } from '../../libs/destinations/duckdb/driver.js';
import { createDestination } from '../../libs/destinations/registry.js';
import { marksDeleted } from '../../libs/typing/index.js';
import type { StreamDeletes, StreamTarget } from '../../libs/contracts/destination.port.js';
import type { WriterOrder } from '../support/duckdb-writer.js';
import { TestStream, wholeRun } from './destination-world.js';
import { DELETABLE_SCHEMA } from './models/item-record.js';
import { duckdbWorld, type DuckdbWorld } from './duckdb-world.js';

const CHILD = resolve('dist/test/support/duckdb-writer.js');

interface Said {
  opened?: number;
  acknowledged?: number;
  finished?: boolean;
  failed?: string;
}

let world: DuckdbWorld;
beforeAll(async () => {
  world = await duckdbWorld();
});
afterAll(() => world.close());

/** A writer of its own process; `until` says when to look away. */
async function run(order: WriterOrder, until: (said: Said) => boolean): Promise<{ child: ChildProcess; said: Said[] }> {
  const child = fork(CHILD, { execArgv: ['--enable-source-maps'] });
  const said: Said[] = [];
  await new Promise<void>((done, fail) => {
    child.on('message', (message: Said) => {
      said.push(message);
      if (message.failed !== undefined || until(message)) done();
    });
    child.once('error', fail);
    child.once('exit', () => done());
    child.send(order);
  });
  return { child, said };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const when = { field: 'deleted' };
const follow = (deletes: Partial<StreamDeletes>) => ({
  mode: 'incremental_upsert' as const,
  jsonSchema: DELETABLE_SCHEMA,
  deletes: { as: 'hard' as const, allowEmpty: false, ...deletes },
});
/** With a list that becomes a table: each of the writer's records has two elements. */
const family = <Target extends Partial<StreamTarget>>(target: Target): Target => ({
  ...target,
  childTables: ['items'],
  jsonSchema: {
    ...DELETABLE_SCHEMA,
    properties: {
      ...DELETABLE_SCHEMA.properties,
      items: { type: 'array', items: { type: 'object', properties: { n: { type: 'integer' } } } },
    },
  },
});
const ROWS = 4_000;
const MISSING = 500;
/** Of the writer's records; see duckdb-writer. */
const TOMBSTONES = 925;

/** What is loaded, and the rows that are there in the end: all of them, and those that are not marked. */
const VARIANTS: readonly (readonly [string, Partial<StreamTarget> & Pick<StreamTarget, 'mode'>, rows: number, kept: number])[] = [
  ...(['incremental_append', 'incremental_upsert', 'scd2', 'full_refresh_overwrite', 'full_refresh_append'] as const).map(
    (mode) => [mode, { mode }, ROWS, ROWS] as const,
  ),
  ['hard tombstones', follow({ when }), ROWS - 2 * TOMBSTONES, ROWS - 2 * TOMBSTONES],
  ['soft tombstones', follow({ when, as: 'soft' }), ROWS - TOMBSTONES, ROWS - 2 * TOMBSTONES],
  ['missing keys, hard', follow({ missing: 'hard' }), ROWS, ROWS],
  ['missing keys, soft', follow({ missing: 'soft' }), ROWS + MISSING, ROWS],
  ['incremental_append, child tables', family({ mode: 'incremental_append' }), ROWS, ROWS],
  ['incremental_upsert, child tables', family({ mode: 'incremental_upsert' }), ROWS, ROWS],
  ['full_refresh_overwrite, child tables', family({ mode: 'full_refresh_overwrite' }), ROWS, ROWS],
  ['full_refresh_append, child tables', family({ mode: 'full_refresh_append' }), ROWS, ROWS],
  ['hard tombstones, child tables', family(follow({ when })), ROWS - 2 * TOMBSTONES, ROWS - 2 * TOMBSTONES],
];

test.each(VARIANTS)(
  'kill -9 loses nothing that was acknowledged and doubles nothing (%s)',
  async (_name, target, rows, kept) => {
    const stream = new TestStream(target);
    if (target.deletes?.missing !== undefined)
      await wholeRun(
        world.connect(),
        stream,
        Array.from({ length: MISSING }, (_, index) => ({ id: ROWS + index + 1, name: 'gone', updated_at: '0' })),
      );
    const order = {
      folder: world.folder,
      path: 'warehouse.duckdb',
      ref: stream.nextRun(),
      target: stream.target,
      rows: ROWS,
      rowsPerChunk: 200,
    };
    let acknowledged = 0;
    let finished = false;
    for (let fence = 1; !finished; fence += 1) {
      expect(fence).toBeLessThan(20);
      const stopAt = acknowledged + 1_000 + Math.floor(Math.random() * 1_000);
      const { child, said } = await run(
        { ...order, fence },
        ({ acknowledged: at = 0, finished }) => finished === true || at >= stopAt,
      );
      // At any moment of the work on the next chunks, its commit included.
      if (said.at(-1)?.finished !== true) await new Promise((done) => setTimeout(done, Math.random() * 30));
      await end(child);
      expect(said.find(({ failed }) => failed !== undefined)).toBeUndefined();
      const opened = said.find((each) => each.opened !== undefined)?.opened ?? 0;
      expect(opened).toBeGreaterThanOrEqual(acknowledged);
      for (const each of said) acknowledged = Math.max(acknowledged, each.acknowledged ?? opened);
      finished = said.some((each) => each.finished === true);
    }
    const mark = marksDeleted(stream.target) ? '_sluice_deleted' : 'false';
    const [counts] = await world.sql(
      `SELECT count(*)::DOUBLE AS "rows", count(DISTINCT id)::DOUBLE AS "ids", (count(*) FILTER (WHERE NOT ${mark}))::DOUBLE AS kept
       FROM public."${stream.target.table}"`,
    );
    expect(counts).toEqual({ rows, ids: rows, kept });
    if (target.childTables !== undefined) {
      expect(await world.sql(`SELECT count(*)::DOUBLE AS n FROM public."${stream.target.table}__items"`)).toEqual([
        { n: 2 * rows },
      ]);
      const request = { key: order.ref, target: stream.target, active: false, copied: false, limit: 10 };
      expect((await world.connect().verifier?.inspect(request))?.findings).toEqual([]);
    }
    const { read, deleted, removed } = await world.connect().inspect({ ref: order.ref });
    const tombstones = target.deletes?.when === undefined ? 0 : TOMBSTONES;
    expect({ read, deleted, removed }).toEqual({
      ...{ read: ROWS, deleted: tombstones, removed: target.deletes?.missing === undefined ? 0 : MISSING },
    });
  },
  120_000,
);

test('a file that another process has open is waited for and then named, and is free again once that process is dead', async () => {
  const stream = new TestStream({ mode: 'incremental_append' });
  const order = { folder: world.folder, path: 'shared.duckdb', ref: stream.nextRun(), target: stream.target, fence: 1 };
  const { child } = await run({ ...order, rows: 1_000_000_000, rowsPerChunk: 10 }, ({ acknowledged = 0 }) => acknowledged > 0);
  const destination = createDestination({
    connector: 'duckdb',
    config: { path: 'shared.duckdb' },
    secrets: {},
    duckdbFolder: world.folder,
  });
  child.kill('SIGSTOP'); // a frozen process keeps its lock
  try {
    await expect(destination.inspect(order)).rejects.toMatchObject({ code: 'DESTINATION_IN_USE', retryable: true });
  } finally {
    await end(child);
  }
  expect((await destination.inspect(order)).inserted).toBeGreaterThan(0);
});

test.each(['../out.duckdb', '/etc/out.duckdb', 'a/../../out.duckdb', 'missing/out.duckdb', 'link/out.duckdb', 'nul\0', '.', ''])(
  'a path out of the folder is refused: %j',
  async (path) => {
    const link = join(world.folder, 'link');
    const outside = join(tmpdir(), `sluice-outside-${randomUUID()}`);
    if (path.startsWith('link')) {
      mkdirSync(outside);
      symlinkSync(outside, link);
    }
    const open = async () =>
      createDestination({ connector: 'duckdb', config: { path }, secrets: {}, duckdbFolder: world.folder }).check();
    await expect(open()).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  },
);

test('without a folder, or without the package, the connector says what is missing', async () => {
  const destination = createDestination({ connector: 'duckdb', config: { path: 'a.duckdb' }, secrets: {} });
  await expect(destination.check()).rejects.toMatchObject({ code: 'CONFIG_INVALID', errors: [{ path: '/path' }] });
  await expect(loadDriver(() => Promise.reject(new Error('Cannot find package')))).rejects.toMatchObject({
    code: 'DRIVER_MISSING',
    detail: expect.stringMatching(/^npm install @duckdb\/node-api@\d/) as unknown,
  });
});
