import { afterAll, expect, it } from '@jest/globals';
import { playInterleavings } from '../../chaos/cursors/play-interleavings.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

const databases: TestDatabase[] = [];
afterAll(() => Promise.all(databases.map((database) => database.drop())));

it('generated interleavings of ties, late and out-of-order commits and clock skew lose no row', async () => {
  const played = await playInterleavings({ count: 60, seed: 20_261_128 }, async () => {
    const database = await createTestDatabase('cursors');
    databases.push(database);
    return database.url;
  });
  expect(played).toMatchObject({ interleavings: 60, missed: [] });
  // the same interleavings, read above the greatest cursor
  expect(played.missedByGreatest).toBeGreaterThan(0);
}, 60_000);
