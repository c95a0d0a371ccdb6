import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Source } from '../../../libs/contracts/source.port.js';
import type { Slice } from '../../../libs/contracts/stream.js';
import { recordsOf } from '../../../libs/pipeline/index.js';
import { sourceWorld, type SourceWorld } from './source-world.js';

const PAGE_BYTES = 8_192;

describe('snapshots', () => {
  let world: SourceWorld;
  beforeAll(async () => {
    world = await sourceWorld();
    await world.sql.query(`CREATE TABLE keyless (id int, word text);
      INSERT INTO keyless SELECT n, repeat('x', 100) FROM generate_series(1, 2000) n`);
  });
  afterAll(() => world?.close());

  const plan = async (source: Source, snapshots: boolean): Promise<readonly Slice[]> =>
    (
      await source.slices({
        stream: 'keyless',
        state: null,
        now: new Date().toISOString(),
        incremental: false,
        after: null,
        snapshots,
      })
    ).slices;

  async function ids(source: Source, slice: Slice, snapshot?: string): Promise<unknown[]> {
    const found: unknown[] = [];
    const { signal } = new AbortController();
    const request = { stream: 'keyless', slice, position: null, signal, ...(snapshot !== undefined && { snapshot }) };
    for await (const page of source.read(request)) found.push(...recordsOf(page).map((record) => record['id']));
    return found;
  }

  it('a table without a key is planned in ranges of blocks, which give each row of the snapshot once', async () => {
    const [source, other] = [world.open({}, 4 * PAGE_BYTES), world.open()];
    const slices = await plan(source, true);
    expect(slices.length).toBeGreaterThan(5);
    expect(slices.every((slice) => source.snapshots?.isBound(slice) === true)).toBe(true);
    const held = await source.snapshots?.hold({ stream: 'keyless' });
    await world.sql.query(
      `UPDATE keyless SET word = 'moved' WHERE id % 2 = 0; DELETE FROM keyless WHERE id < 100; INSERT INTO keyless VALUES (0, 'new')`,
    );
    const found: unknown[] = [];
    for (const slice of slices) found.push(...(await ids(other, slice, held?.id)));
    expect(found.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 2000 }, (_, n) => n + 1));
    await held?.release();
    await expect(ids(other, slices[0] as Slice, held?.id)).rejects.toMatchObject({ code: 'SNAPSHOT_LOST' });
    await expect(ids(other, slices[0] as Slice)).rejects.toMatchObject({ code: 'SNAPSHOT_LOST' });
  });

  it('who holds none reads such a table in one piece', async () => {
    const [slice, ...more] = await plan(world.open({}, 4 * PAGE_BYTES), false);
    expect([slice?.spec, more]).toEqual([{ kind: 'all' }, []]);
  });

  it('while one is held nothing changes what it shows: TRUNCATE waits', async () => {
    const source = world.open();
    const held = await source.snapshots?.hold({ stream: 'keyless' });
    await expect(world.sql.query(`SET lock_timeout = 100; TRUNCATE keyless`)).rejects.toMatchObject({ code: '55P03' });
    await held?.release();
    await world.sql.query('TRUNCATE keyless');
  });

  it('a holder hears at once that its session was ended', async () => {
    const source = world.open();
    const held = await source.snapshots?.hold({ stream: 'keyless' });
    await world.sql.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_export%' AND pid <> pg_backend_pid()`,
    );
    expect(await held?.lost).toMatchObject({ name: 'SluiceError' });
    await held?.release();
  });
});
