import { isTerminal } from '../../../libs/contracts/run-state.js';
import { pause, secondsSince, until } from '../wait.js';
import { endsWell, RUNS_AGAIN_SECONDS, type Scenario } from './scenario.js';

const INSERTED_WITHIN_MS = 10_000;
const LONGEST_HESITATION_MS = 1_000;
const WATCHED_MS = 2 * RUNS_AGAIN_SECONDS * 1_000;

/** Temporal is frozen, so that the start of the workflow hangs behind the run's insert, and there the API is killed. */
export const apiKilledBetweenInsertAndStart: Scenario = {
  name: 'API killed between insert and start',
  async act(world, { syncId }, random) {
    const { stack, sluice, controlPlane } = world;
    stack.kill('temporal', 'SIGSTOP');
    const call = sluice.start(syncId).catch(() => undefined); // it never gets its answer
    const run = await until({
      what: 'the run to be inserted',
      withinMs: INSERTED_WITHIN_MS,
      everyMs: 20,
      probe: () => controlPlane.newestRun(syncId),
    });
    const hesitation = random.between(0, LONGEST_HESITATION_MS);
    await pause(hesitation);
    stack.kill('api', 'SIGKILL');
    await call;
    stack.kill('temporal', 'SIGCONT');
    await stack.restart('api');
    const back = performance.now();
    const decided = await until({
      what: 'the run to be started or failed',
      withinMs: WATCHED_MS,
      patient: true,
      probe: async () => {
        const { state } = await sluice.run(run.id);
        return state === 'queued' ? undefined : state;
      },
    });
    const failed = isTerminal(decided) && decided !== 'succeeded';
    const next = failed ? await sluice.startPatiently(syncId, WATCHED_MS) : run.id;
    const seconds = secondsSince(back);
    const hit =
      run.state === 'queued' ? [] : [`the run was ${run.state} when the API was killed: it was not between insert and start`];
    return {
      moment: `${(hesitation / 1_000).toFixed(1)} s behind the insert; the run was ${failed ? 'failed' : 'started'}`,
      seconds,
      problems: [...hit, ...(await endsWell(world, next))],
    };
  },
};
