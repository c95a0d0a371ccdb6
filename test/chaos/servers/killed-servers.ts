import { pause, secondsSince } from '../wait.js';
import { endsWell, midRun, type Scenario } from './scenario.js';

const LONGEST_ABSENCE_MS = 4_000;

/** kill -9 of a server in the middle of a run, started again after a while: the same run goes on to its end. */
const killed = (service: 'temporal' | 'postgres', name: string): Scenario => ({
  name,
  async act(world, patient, random) {
    const { runId, moment } = await midRun(world, patient, random);
    const absence = random.between(0, LONGEST_ABSENCE_MS);
    world.stack.kill(service, 'SIGKILL');
    await pause(absence);
    await world.stack.restart(service);
    const back = performance.now();
    const problems = await endsWell(world, runId);
    return {
      moment: `${moment}, away for ${(absence / 1_000).toFixed(1)} s and its start`,
      seconds: secondsSince(back),
      problems,
    };
  },
});

export const temporalKilled = killed('temporal', 'Temporal killed');
/** Both the control plane and the destination are on it. */
export const postgresKilled = killed('postgres', 'PostgreSQL killed');
