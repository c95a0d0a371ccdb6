import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitRequest<T> {
  /** For the error's words: `the run to end`. */
  what: string;
  withinMs: number;
  /** How often it is looked. Default 100. */
  everyMs?: number;
  /** undefined: not yet. An error ends the waiting, unless `patient`. */
  probe: () => Promise<T | undefined>;
  /** The system under test is being killed: an error of the probe means "not yet". */
  patient?: boolean;
}

/** Looks until there is something to see. @throws Error naming what did not come in time. */
export async function until<T>({ what, withinMs, everyMs = 100, probe, patient = false }: WaitRequest<T>): Promise<T> {
  const deadline = performance.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      const seen = await probe();
      if (seen !== undefined) return seen;
    } catch (error) {
      if (!patient) throw error;
      last = error;
    }
    if (performance.now() >= deadline) throw new Error(`waited ${withinMs / 1000} s for ${what}`, { cause: last });
    await sleep(everyMs);
  }
}

/** A moment of the experiment itself, chosen by the seed: nothing is waited for. */
export const pause = (ms: number): Promise<void> => sleep(ms);

/** Seconds since a `performance.now()`, to a tenth. */
export const secondsSince = (since: number): number => Math.round((performance.now() - since) / 100) / 10;
