import type { WriterSession } from '../warehouse.js';
import { until } from '../wait.js';
import type { World } from '../world.js';
import { waitsForLock, type Place } from './places.js';

/** A run whose writer is to be frozen at its place. */
export interface Victim {
  place: Place;
  syncId: string;
  runId: string;
  table: string;
}

const TRIES = 20;
const LOOK_EVERY_MS = 20;
/** A commit may wait for a lock so long before the loader gives it up (5 s); it is let go earlier. */
const LONGEST_WAIT_MS = 4_000;
const NEXT_CHUNK_WITHIN_MS = 30_000;

/**
 * Stops the worker (SIGSTOP) in a moment in which every victim's writer is at its place, and looks once more afterwards: what is seen then
 * stays so until it is continued.
 * @throws Error when it could not be hit in twenty tries.
 */
export async function freezeAtPlaces(world: World, worker: string, victims: readonly Victim[]): Promise<void> {
  const held = victims.find(({ place }) => place.needsHold);
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const letGo = held && (await world.warehouse.holdStreams(held.syncId));
    try {
      if (await untilAllThere(world, victims)) {
        world.stack.kill(worker, 'SIGSTOP');
        await until({
          what: `${worker} to be frozen`,
          withinMs: 2_000,
          everyMs: 5,
          probe: async () => (world.stack.service(worker).state === 'stopped' ? true : undefined),
        });
        if (await allThere(world, victims)) return;
        world.stack.kill(worker, 'SIGCONT');
      }
    } finally {
      await letGo?.();
    }
    await nextChunk(world, victims);
  }
  throw new Error(`in ${TRIES} tries the writers were never at their places together`);
}

const sessionsOf = ({ warehouse }: World, victims: readonly Victim[]): Promise<WriterSession[][]> =>
  Promise.all(victims.map(({ runId }) => warehouse.writers(runId)));

async function allThere(world: World, victims: readonly Victim[]): Promise<boolean> {
  const sessions = await sessionsOf(world, victims);
  return victims.every(({ place, table }, index) => place.isAt(sessions[index] ?? [], table));
}

/** False when a commit has waited for the held lock as long as it may. */
async function untilAllThere(world: World, victims: readonly Victim[]): Promise<boolean> {
  let waitingSince: number | undefined;
  return until({
    what: 'the writers to come to their places',
    withinMs: NEXT_CHUNK_WITHIN_MS,
    everyMs: LOOK_EVERY_MS,
    probe: async () => {
      if (await allThere(world, victims)) return true;
      const waiting = (await sessionsOf(world, victims)).flat().some(waitsForLock);
      waitingSince = waiting ? (waitingSince ?? performance.now()) : undefined;
      return waitingSince !== undefined && performance.now() - waitingSince > LONGEST_WAIT_MS ? false : undefined;
    },
  });
}

/** Waits until all of them have committed once more. */
export async function nextChunk({ warehouse }: World, victims: readonly Victim[]): Promise<void> {
  await Promise.all(
    victims.map(async ({ runId, place }) => {
      const before = await warehouse.chunks(runId);
      await until({
        what: `another chunk of the run that is frozen ${place.name}`,
        withinMs: NEXT_CHUNK_WITHIN_MS,
        probe: async () => ((await warehouse.chunks(runId)) > before ? true : undefined),
      });
    }),
  );
}
