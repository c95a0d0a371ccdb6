import { randomFrom, type Random } from '../random.js';
import { tooLate, verdict, type ChaosResult } from '../result.js';
import { notSucceeded } from '../sluice-door.js';
import { withWorld, type World } from '../world.js';
import { changeShop } from './change-shop.js';
import { strike, type Aim, type Load, type Recovery } from './strike.js';
import { makeSubjects, PACE, ROWS, type Subject } from './subjects.js';
import { TableReader } from './table-reader.js';

/** A new worker has to go on within this. */
const RECOVERY_SECONDS = 15;
const RUN_WITHIN_MS = 180_000;
/** What a round's two kills aim at. */
const AIMS: readonly [readonly [Aim, Aim], ...(readonly [Aim, Aim])[]] = [
  ['anywhere', 'anywhere'],
  ['begin', 'end'],
  ['anywhere', 'begin'],
  ['end', 'anywhere'],
];

/** kill -9 of the worker in the first and in a second load of every write mode; the three run at the same time, and one kill hits all. */
export async function modes({ rounds, seed }: { rounds: number; seed: number }, results: ChaosResult[]): Promise<void> {
  const random = randomFrom(seed);
  await withWorld({ sizes: { events: ROWS, orders: ROWS, order_items: ROWS } }, async (world) => {
    await world.pace(PACE);
    for (let round = 1; round <= rounds; round++) results.push(...(await oneRound(world, round, random)));
  });
}

async function oneRound(world: World, round: number, random: Random): Promise<ChaosResult[]> {
  const [first, second] = AIMS[(round - 1) % AIMS.length] ?? AIMS[0];
  await world.shop.call('POST', '/shop/_admin/reset?what=data');
  const subjects = await makeSubjects(world, round);
  const loaded = await load(world, { subjects, round, which: 0, aim: first, random });
  const versions = await changeShop(world, random);
  const replaced = subjects.find(({ mode }) => mode === 'full_refresh_overwrite');
  const reader = replaced && new TableReader(world.warehouse, replaced.table);
  const reloaded = await load(world, { subjects, round, which: 1, aim: second, random }).catch(async (error: unknown) => {
    await reader?.end(versions);
    throw error;
  });
  const seenWrong = (await reader?.end(versions)) ?? [];
  for (const result of reloaded) if (result.mode === replaced?.mode) result.problems.push(...seenWrong);
  return [...loaded, ...reloaded];
}

interface LoadRequest {
  subjects: readonly Subject[];
  round: number;
  which: 0 | 1;
  aim: Aim;
  random: Random;
}

async function load(world: World, { subjects, round, which, aim, random }: LoadRequest): Promise<ChaosResult[]> {
  const loads = await Promise.all(
    subjects.map(async (subject): Promise<Load> => ({
      subject,
      runId: await world.sluice.start(subject.syncId),
      expected: subject.expected[which],
    })),
  );
  const expectedMs = (loads.reduce((sum, { expected }) => sum + expected, 0) / PACE) * 1_000;
  const recoveries = await strike(world, { loads, aim, expectedMs, random });
  const results: ChaosResult[] = [];
  // One after the other: the comparison is CPU work, and must not slow down what is still being measured.
  for (const recovery of recoveries) results.push(await judge(world, { recovery, round, which }));
  return results;
}

async function judge(
  world: World,
  { recovery, round, which }: { recovery: Recovery; round: number; which: 0 | 1 },
): Promise<ChaosResult> {
  const { subject, runId } = recovery.load;
  const run = await world.sluice.ended(runId, RUN_WITHIN_MS);
  // Said before the comparison: a run that failed early may have left no table to compare.
  for (const problem of notSucceeded(run)) console.log(`  round ${round}: ${subject.mode}: ${problem}`);
  const { problems, ...counts } = verdict(await world.compare(subject.entity, subject.table));
  const result: ChaosResult = {
    suite: 'modes',
    round,
    scenario: which === 0 ? 'kill -9, first load' : 'kill -9, second load',
    mode: subject.mode,
    moment: recovery.moment,
    ...counts,
    recovery_seconds: recovery.seconds,
    bound_seconds: RECOVERY_SECONDS,
    problems: [...notSucceeded(run), ...problems, ...tooLate(recovery.seconds, RECOVERY_SECONDS)],
  };
  console.log(
    `  round ${round}: ${result.scenario}, ${result.mode}: killed ${result.moment}; ${result.problems.join('; ') || 'right'}`,
  );
  return result;
}
