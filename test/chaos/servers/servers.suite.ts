import type { WriteMode } from '../../../libs/contracts/write-mode.js';
import { randomFrom, type Random } from '../random.js';
import { tooLate, verdict, type ChaosResult } from '../result.js';
import { withWorld, type World } from '../world.js';
import { apiKilledBetweenInsertAndStart } from './api-killed.js';
import { postgresKilled, temporalKilled } from './killed-servers.js';
import { temporalWiped, workflowTerminated } from './lost-runs.js';
import { ENTITY, makePatient, PACE, ROWS, RUNS_AGAIN_SECONDS, type Outcome, type Scenario } from './scenario.js';

/** Those whose table is the stream's records after a first load. */
const MODES: readonly [WriteMode, ...WriteMode[]] = [
  'full_refresh_overwrite',
  'full_refresh_append',
  'incremental_append',
  'incremental_upsert',
];
const SCENARIOS: readonly Scenario[] = [
  temporalKilled,
  postgresKilled,
  workflowTerminated,
  apiKilledBetweenInsertAndStart,
  temporalWiped,
];

/** Takes the servers away one after the other, each in the middle of a run of a new sync. */
export async function servers({ rounds, seed }: { rounds: number; seed: number }, results: ChaosResult[]): Promise<void> {
  for (const variable of ['TEMPORAL_ADDRESS', 'DATABASE_URL'])
    if (process.env[variable]) throw new Error(`unset ${variable}: this suite kills servers, and only kills its own`);
  const random = randomFrom(seed);
  await withWorld({ sizes: { [ENTITY]: ROWS } }, async (world) => {
    await world.pace(PACE);
    for (let round = 1; round <= rounds; round++)
      for (const [index, scenario] of SCENARIOS.entries()) results.push(await play(world, scenario, { round, index, random }));
  });
}

async function play(
  world: World,
  scenario: Scenario,
  { round, index, random }: { round: number; index: number; random: Random },
): Promise<ChaosResult> {
  // The first round loads by append, where nothing but the loader keeps doubles out.
  const mode = round === 1 ? 'incremental_append' : random.pick(MODES);
  const patient = await makePatient(world, { name: `server_${round}_${index}`, mode, scheduled: scenario.scheduled ?? false });
  const outcome = await scenario
    .act(world, patient, random)
    .catch((error: Error): Outcome => ({ moment: '-', seconds: 0, problems: [error.message] }));
  const { problems, ...counts } = verdict(await world.compare(ENTITY, patient.table));
  const result: ChaosResult = {
    suite: 'servers',
    round,
    scenario: scenario.name,
    mode,
    moment: outcome.moment,
    ...counts,
    recovery_seconds: outcome.seconds,
    bound_seconds: RUNS_AGAIN_SECONDS,
    problems: [...outcome.problems, ...notRunning(world), ...problems, ...tooLate(outcome.seconds, RUNS_AGAIN_SECONDS)],
  };
  console.log(
    `  round ${round}: ${scenario.name}, ${mode}: ${result.moment}; ${outcome.seconds} s; ${result.problems.join('; ') || 'right'}`,
  );
  return result;
}

/** Whoever lost a server has to live through it: nobody starts it again. */
const notRunning = ({ stack }: World): string[] =>
  stack.services().flatMap(({ name, state }) => (state === 'running' ? [] : [`${name} is ${state}`]));
