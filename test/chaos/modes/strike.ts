import { isTerminal } from '../../../libs/contracts/run-state.js';
import type { Random } from '../random.js';
import { pause, secondsSince, until } from '../wait.js';
import type { World } from '../world.js';
import type { Subject } from './subjects.js';

/** `begin` aims at the first moments of a run's life, `end` at what follows its last slice: finish, and the closing of the run. */
export type Aim = 'anywhere' | 'begin' | 'end';

export interface Load {
  subject: Subject;
  runId: string;
  /** Records that this run will read. */
  expected: number;
}

export interface Recovery {
  load: Load;
  /** From the new worker's ready to the next committed chunk, or to the run's end; null: the run had ended before the worker was back. */
  seconds: number | null;
  /** When the worker was killed, in words. */
  moment: string;
}

const WORKER = 'worker-1';
const BEGIN_MS = 600;
/** A finish and the closing of the run take about so long. */
const END_MS = 200;
/** As long as a run may take on a machine that does other work too. */
const LOAD_WITHIN_MS = 600_000;
/** Watched for longer than the bound, to say by how much it was missed. */
const RECOVERY_WITHIN_MS = 60_000;

/** Kills the worker at a moment that the seed chooses, starts it again at once, and sees when each load goes on. */
export async function strike(
  world: World,
  request: { loads: readonly Load[]; aim: Aim; expectedMs: number; random: Random },
): Promise<Recovery[]> {
  const { loads, aim } = request;
  const started = performance.now();
  await untilTheMoment(world, request);
  const moment = `${aim}, after ${secondsSince(started).toFixed(1)} s`;
  world.stack.kill(WORKER, 'SIGKILL');
  const phases = await Promise.all(loads.map(({ runId }) => world.controlPlane.phase(runId)));
  await world.stack.restart(WORKER);
  const ready = performance.now();
  return Promise.all(
    loads.map(async (load, index) => ({
      load,
      moment: `${moment}: ${phases[index] ?? ''}`,
      seconds: await recovery(world, load, ready),
    })),
  );
}

async function untilTheMoment(world: World, { loads, aim, expectedMs, random }: Parameters<typeof strike>[1]): Promise<void> {
  switch (aim) {
    case 'anywhere':
      return pause(random.between(0, expectedMs));
    case 'begin':
      return pause(random.between(0, BEGIN_MS));
    case 'end': {
      const [first, ...others] = loads;
      if (first === undefined) return;
      await lastSliceIsDone(world, random.pick([first, ...others]));
      return pause(random.between(0, END_MS));
    }
  }
}

async function lastSliceIsDone({ controlPlane }: World, { runId }: Load): Promise<void> {
  await until({
    what: 'a run to come to its finish',
    withinMs: LOAD_WITHIN_MS,
    everyMs: 10,
    probe: async () => {
      const phase = await controlPlane.phase(runId);
      return phase === 'finishing' || phase === 'had ended' ? true : undefined;
    },
  });
}

async function recovery({ chunks, sluice }: World, { runId }: Load, ready: number): Promise<number | null> {
  const before = await chunks(runId);
  if (isTerminal((await sluice.run(runId)).state)) return null;
  await until({
    what: `run ${runId} to go on with its new worker`,
    withinMs: RECOVERY_WITHIN_MS,
    probe: async () => ((await chunks(runId)) > before || isTerminal((await sluice.run(runId)).state) ? true : undefined),
  }).catch(() => undefined); // the seconds show it
  return secondsSince(ready);
}
