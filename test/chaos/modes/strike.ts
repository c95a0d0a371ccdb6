import { isTerminal } from '../../../libs/contracts/run-state.js';
import type { Random } from '../random.js';
import { pause, secondsSince, until } from '../wait.js';
import type { World } from '../world.js';
import { PACE, type Subject } from './subjects.js';

/** `begin` aims at the first second of a run's life, `end` at its last chunk, the slice's completion and what follows it. */
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
const BEGIN_MS = 1_500;
/** Around the moment in which the last record should be read: what is left of the run from there on takes less than a second. */
const END_FROM_MS = -700;
const END_TO_MS = 150;
const CHUNK_ROWS = 20_000;
const LOAD_WITHIN_MS = 120_000;
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
      const leftMs = await lastChunkIsOpen(world, random.pick([first, ...others]), loads.length);
      return pause(Math.max(0, leftMs + random.between(END_FROM_MS, END_TO_MS)));
    }
  }
}

/** @returns in how many milliseconds the last record will be read, when `loads` share the shop's pace */
async function lastChunkIsOpen({ warehouse, sluice }: World, { runId, expected }: Load, loads: number): Promise<number> {
  const read = await until({
    what: 'a run to come to its last chunk',
    withinMs: LOAD_WITHIN_MS,
    everyMs: 20,
    probe: async () => {
      const records = await warehouse.recordsRead(runId);
      return records >= expected - CHUNK_ROWS || isTerminal((await sluice.run(runId)).state) ? records : undefined;
    },
  });
  return (Math.max(0, expected - read) / (PACE / loads)) * 1_000;
}

async function recovery({ warehouse, sluice }: World, { runId }: Load, ready: number): Promise<number | null> {
  const before = await warehouse.chunks(runId);
  if (isTerminal((await sluice.run(runId)).state)) return null;
  await until({
    what: `run ${runId} to go on with its new worker`,
    withinMs: RECOVERY_WITHIN_MS,
    probe: async () =>
      (await warehouse.chunks(runId)) > before || isTerminal((await sluice.run(runId)).state) ? true : undefined,
  }).catch(() => undefined); // the seconds show it
  return secondsSince(ready);
}
