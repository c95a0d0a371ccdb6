import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { scheduleId, syncWorkflowId } from '../../../libs/contracts/workflows.js';
import { TemporalClient } from '../../../libs/temporal/index.js';
import { secondsSince, until } from '../wait.js';
import type { World } from '../world.js';
import { endsWell, midRun, RUNS_AGAIN_SECONDS, type Outcome, type Patient, type Scenario } from './scenario.js';

const BOUND_MS = RUNS_AGAIN_SECONDS * 1_000;
/** Watched for longer than the bound, to say by how much it was missed. */
const WATCHED_MS = 2 * BOUND_MS;

async function withTemporal<T>({ stack }: World, work: (temporal: TemporalClient) => Promise<T>): Promise<T> {
  const temporal = new TemporalClient({ address: stack.temporalAddress, namespace: 'default' });
  try {
    return await work(temporal);
  } finally {
    await temporal.close();
  }
}

/** Its run is closed as RUN_LOST, and the next one puts everything right. */
async function lostAndRunAgain(
  world: World,
  { syncId }: Patient,
  { runId, since }: { runId: string; since: number },
): Promise<Omit<Outcome, 'moment'>> {
  const lost = await world.sluice.ended(runId, WATCHED_MS);
  const closed = lost.state === 'failed' && lost.error?.code === 'RUN_LOST';
  const problems = closed ? [] : [`the run ended ${lost.state} ${lost.error?.code ?? ''} instead of failed RUN_LOST`];
  const next = await world.sluice.startPatiently(syncId, WATCHED_MS);
  return { seconds: secondsSince(since), problems: [...problems, ...(await endsWell(world, next))] };
}

/** As `temporal workflow terminate` does it: the workflow has no say. */
export const workflowTerminated: Scenario = {
  name: 'workflow terminated',
  async act(world, patient, random) {
    const { runId, moment } = await midRun(world, patient, random);
    await withTemporal(world, ({ client }) => client.workflow.getHandle(syncWorkflowId(runId)).terminate('chaos'));
    return { moment, ...(await lostAndRunAgain(world, patient, { runId, since: performance.now() })) };
  },
};

/** Nothing of what Temporal knew is left, neither runs nor schedules. */
export const temporalWiped: Scenario = {
  name: 'Temporal database wiped',
  scheduled: true,
  async act(world, patient, random) {
    const { stack } = world;
    await scheduleThere(world, patient);
    const { runId, moment } = await midRun(world, patient, random);
    await stack.stop('temporal');
    const files = readdirSync(stack.home).filter((name) => /^temporal-.*\.db/.test(name));
    for (const file of files) rmSync(join(stack.home, file));
    await stack.restart('temporal');
    const since = performance.now();
    const outcome = await lostAndRunAgain(world, patient, { runId, since });
    const schedule = await scheduleThere(world, patient).then(
      () => (secondsSince(since) > RUNS_AGAIN_SECONDS ? [`its schedule came back after ${secondsSince(since)} s only`] : []),
      (error: Error) => [`its schedule did not come back: ${error.message}`],
    );
    const wiped = files.length > 0 ? [] : ['no database of Temporal was found: nothing was wiped'];
    return { moment, ...outcome, problems: [...wiped, ...outcome.problems, ...schedule] };
  },
};

async function scheduleThere(world: World, { syncId }: Patient): Promise<void> {
  await withTemporal(world, ({ client }) =>
    until({
      what: 'the schedule in Temporal',
      withinMs: BOUND_MS,
      everyMs: 250,
      patient: true,
      probe: () => client.schedule.getHandle(scheduleId(syncId)).describe(),
    }),
  );
}
