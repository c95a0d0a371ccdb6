import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { duckdbWorld, type DuckdbWorld } from '../contract/duckdb-world.js';
import { listRunStreams } from '../../libs/store/index.js';
import { Gate } from '../support/runs/gate.js';
import { endWorker, RunWorld } from '../support/runs/run-world.js';

const ended = ({ finishedAt }: { finishedAt: Date | null }) => finishedAt !== null;

describe('a sync run into a DuckDB file', () => {
  let world: RunWorld;
  let warehouse: DuckdbWorld;
  let worker: ChildProcess;
  const start = () => world.startWorker({ SLUICE_DUCKDB_DIR: warehouse.folder });
  beforeAll(async () => {
    world = await RunWorld.create();
    warehouse = await duckdbWorld();
    worker = await start();
  });
  afterAll(async () => {
    await world?.close();
    await warehouse?.close();
  });
  const rows = async (table: string) =>
    (
      await warehouse.sql(
        `SELECT count(*)::DOUBLE AS "count", count(DISTINCT id)::DOUBLE AS "distinct", max(id)::DOUBLE AS "max" FROM public.${table}`,
      )
    )[0];

  it.each(['incremental_append', 'incremental_upsert', 'full_refresh_overwrite'] as const)(
    'goes on after kill -9 of its worker, without loss or duplicate, in mode %s',
    async (mode) => {
      const gate = new Gate();
      const source = { rows: 12_000, slices: 2, gate: { at: 4_000, file: gate.file } };
      const sync = await world.createSync({ source, mode, table: mode, duckdb: 'warehouse.duckdb' });
      const run = await world.start(sync);
      await gate.reached();
      await world.untilRead(run, 3_000);
      await endWorker(worker, 'SIGKILL');
      gate.open();
      worker = await start();
      expect(await world.until(run, ended)).toMatchObject({ state: 'succeeded', error: null });
      expect(await rows(mode)).toEqual({ count: 12_000, distinct: 12_000, max: 12_000 });
      const [stream] = await listRunStreams(world.pool, { runId: run });
      expect(stream).toMatchObject({ state: 'finished', counts: { read: 12_000, inserted: 12_000, quarantined: 0 } });

      const second = await world.start(sync);
      expect(await world.until(second, ended)).toMatchObject({ state: 'succeeded' });
      expect(await rows(mode)).toEqual({ count: 12_000, distinct: 12_000, max: 12_000 });
    },
  );
});
