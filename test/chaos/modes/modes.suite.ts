import { randomFrom, type Random } from '../random.js';
import type { Destination } from '../options.js';
import { tooLate, type ChaosResult } from '../result.js';
import { notSucceeded } from '../sluice-door.js';
import { withWorld, type World } from '../world.js';
import { changeShop, type Change } from './change-shop.js';
import { judge } from './judge.js';
import { strike, type Aim, type Load, type Recovery } from './strike.js';
import { makeSubjects, PACE, ROWS, type Subject } from './subjects.js';
import { TableReader } from './table-reader.js';

/**
 * A new worker has to go on within this: a missing heartbeat is noticed after 10 s, and at this suite's pace a chunk of each sync is cut by time,
 * which takes 5 s more; the rest is for seven syncs that begin together.
 */
const RECOVERY_SECONDS: Readonly<Record<Destination, number>> = {
  postgres: 20,
  // Seven syncs take turns in one file, and how far they are is known two seconds late.
  duckdb: 40,
};
/** A machine that does other work too takes minutes for what takes half a minute by itself; that is no reason to lose the rounds that are still to come. */
const RUN_WITHIN_MS = 600_000;
/** What a round's two kills aim at. */
const AIMS: readonly [readonly [Aim, Aim], ...(readonly [Aim, Aim])[]] = [
  ['anywhere', 'anywhere'],
  ['begin', 'end'],
  ['anywhere', 'begin'],
  ['end', 'anywhere'],
];

/** kill -9 of the worker in the first and in a second load of every write mode; all run at the same time, and one kill hits all. */
export async function modes(
  { rounds, seed, destination }: { rounds: number; seed: number; destination: Destination },
  results: ChaosResult[],
): Promise<void> {
  const random = randomFrom(seed);
  await withWorld({ sizes: { events: ROWS, orders: ROWS, order_items: ROWS }, destination }, async (world) => {
    await world.pace(PACE);
    for (let round = 1; round <= rounds; round++) {
      const found = await oneRound(world, { round, random, destination });
      results.push(...found);
    }
  });
}

async function oneRound(
  world: World,
  { round, random, destination }: { round: number; random: Random; destination: Destination },
): Promise<ChaosResult[]> {
  const [first, second] = AIMS[(round - 1) % AIMS.length] ?? AIMS[0];
  await world.shop.call('POST', '/shop/_admin/reset?what=data');
  const subjects = await makeSubjects(world, round, destination);
  const loaded = await load(world, { subjects, round, change: null, aim: first, random, destination });
  const change = await changeShop(world, random);
  const readers = subjects
    // Nobody else can read a DuckDB file while it is loaded.
    .filter(({ atOnce }) => atOnce === true && destination !== 'duckdb')
    .map(({ name, table, mode }) => ({
      ...{ name, versions: mode === 'full_refresh_append' ? change.copied : change.overwritten },
      reader: new TableReader(world.warehouse, table),
    }));
  const read = () =>
    Promise.all(readers.map(async ({ name, reader, versions }) => ({ name, wrong: await reader.end(versions) })));
  const reloaded = await load(world, { subjects, round, change, aim: second, random, destination }).catch(
    async (error: unknown) => {
      await read();
      throw error;
    },
  );
  for (const { name, wrong } of await read())
    for (const result of reloaded) if (result.mode === name) result.problems.push(...wrong);
  return [...loaded, ...reloaded];
}

interface LoadRequest {
  subjects: readonly Subject[];
  round: number;
  /** What happened since the first load; null: this is the first. */
  change: Change | null;
  aim: Aim;
  random: Random;
  destination: Destination;
}

async function load(world: World, { subjects, round, change, aim, random, destination }: LoadRequest): Promise<ChaosResult[]> {
  const loads = await Promise.all(
    subjects.map(async (subject): Promise<Load> => ({
      subject,
      runId: await world.sluice.start(subject.syncId),
      expected: subject.expected[change === null ? 0 : 1],
    })),
  );
  const expectedMs = (loads.reduce((sum, { expected }) => sum + expected, 0) / PACE) * 1_000;
  const recoveries = await strike(world, { loads, aim, expectedMs, random });
  for (const { runId } of loads) await world.sluice.ended(runId, RUN_WITHIN_MS);
  await world.show(subjects.map(({ table }) => table));
  const results: ChaosResult[] = [];
  // One after the other: the comparison is CPU work, and must not slow down what is still being measured.
  for (const recovery of recoveries) results.push(await outcome(world, { recovery, round, change, destination }));
  return results;
}

async function outcome(
  world: World,
  {
    recovery,
    round,
    change,
    destination,
  }: { recovery: Recovery; destination: Destination } & Pick<LoadRequest, 'round' | 'change'>,
): Promise<ChaosResult> {
  const { subject, runId } = recovery.load;
  const bound = RECOVERY_SECONDS[destination];
  const run = await world.sluice.ended(runId, RUN_WITHIN_MS);
  // Said before the comparison: a run that failed early may have left no table to compare.
  for (const problem of notSucceeded(run)) console.log(`  round ${round}: ${subject.name}: ${problem}`);
  const { problems, ...counts } = await judge(world, subject, change);
  const result: ChaosResult = {
    suite: 'modes',
    destination,
    round,
    scenario: change === null ? 'kill -9, first load' : 'kill -9, second load',
    mode: subject.name,
    moment: recovery.moment,
    ...counts,
    recovery_seconds: recovery.seconds,
    bound_seconds: bound,
    problems: [...notSucceeded(run), ...problems, ...tooLate(recovery.seconds, bound)],
  };
  console.log(
    `  round ${round}: ${result.scenario}, ${result.mode}: killed ${result.moment}; ${result.problems.join('; ') || 'right'}`,
  );
  return result;
}
