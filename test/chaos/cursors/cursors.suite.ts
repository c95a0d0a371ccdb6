import pg from 'pg';
import type { ChaosResult } from '../result.js';
import { secondsSince } from '../wait.js';
import { withWorld } from '../world.js';
import { playInterleavings } from './play-interleavings.js';

const SAY_EVERY = 1_000;
const SAMPLES = 5;

/** Generated interleavings of ties, late commits, out-of-order commits and clock skew against the server: a round is one. */
export async function cursors({ rounds, seed }: { rounds: number; seed: number }, results: ChaosResult[]): Promise<void> {
  await withWorld({ sizes: {} }, async ({ stack }) => {
    const server = new pg.Client({ connectionString: stack.warehouseUrl });
    await server.connect();
    let databases = 0;
    const database = async (): Promise<string> => {
      const name = `cursors_${(databases += 1)}`;
      await server.query(`CREATE DATABASE ${name}`);
      const url = new URL(stack.warehouseUrl);
      url.pathname = `/${name}`;
      return url.href;
    };
    const started = performance.now();
    const played = await playInterleavings({ count: rounds, seed }, database, (count) => {
      if (count % SAY_EVERY === 0) console.log(`  ${count} of ${rounds} interleavings after ${secondsSince(started)} s`);
    }).finally(() => server.end());
    const samples = played.missed.slice(0, SAMPLES).map(({ interleaving, id }) => `${id} of interleaving ${interleaving}`);
    results.push({
      suite: 'cursors',
      round: rounds,
      scenario: 'interleavings',
      mode: 'incremental',
      moment: `${played.rows} rows; above the greatest cursor: ${played.missedByGreatest} missed`,
      lost: played.missed.length,
      duplicated: 0,
      differing: 0,
      recovery_seconds: null,
      bound_seconds: 0,
      problems: [
        ...(samples.length > 0 ? [`missed: ${samples.join(', ')}`] : []),
        ...(played.missedByGreatest === 0 && rounds >= SAY_EVERY
          ? ['a reader above the greatest cursor missed nothing: nothing was tested']
          : []),
      ],
    });
  });
}
