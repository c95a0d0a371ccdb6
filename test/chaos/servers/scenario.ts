import type { WriteMode } from '../../../libs/contracts/write-mode.js';
import type { Random } from '../random.js';
import { notSucceeded } from '../sluice-door.js';
import { pause } from '../wait.js';
import { NAMESPACE, type World } from '../world.js';

/** The stream of all scenarios, and how fast it comes: a load takes about eight seconds. */
export const ENTITY = 'events';
export const ROWS = 60_000;
export const PACE = 8_000;
/** Every sync can run again within this. */
export const RUNS_AGAIN_SECONDS = 60;
const RUN_WITHIN_MS = 120_000;

export interface Patient {
  syncId: string;
  table: string;
  mode: WriteMode;
}

export interface Outcome {
  /** When it was hit, in words. */
  moment: string;
  /** Until the sync could run again, or its run had gone on to its end. */
  seconds: number;
  problems: string[];
}

/** One way to take a server away in a run. When it returns, a run that began after it, or went on, has ended and the table should be right. */
export interface Scenario {
  name: string;
  /** A schedule that must survive; it never fires in the test. */
  scheduled?: boolean;
  act(world: World, patient: Patient, random: Random): Promise<Outcome>;
}

const FIRST_STRIKE_MS = 1_000;
const LAST_STRIKE_MS = 6_000;
/** Not to fire while the suite runs. */
const YEAR_SECONDS = 31_536_000;

export async function makePatient(
  { sluice }: World,
  { name, mode, scheduled }: { name: string; mode: WriteMode; scheduled: boolean },
): Promise<Patient> {
  const schedule = scheduled ? { schedule: { interval_seconds: YEAR_SECONDS } } : {};
  return {
    table: name,
    mode,
    syncId: await sluice.createSync({ name, stream: ENTITY, table: name, mode, namespace: NAMESPACE, ...schedule }),
  };
}

/** Starts a run and waits for a moment in the middle of it. @returns the run's id and the moment in words */
export async function midRun({ sluice }: World, { syncId }: Patient, random: Random): Promise<{ runId: string; moment: string }> {
  const runId = await sluice.start(syncId);
  const delay = random.between(FIRST_STRIKE_MS, LAST_STRIKE_MS);
  await pause(delay);
  return { runId, moment: `${(delay / 1_000).toFixed(1)} s into the run` };
}

/** @returns what is wrong when the run does not end well */
export async function endsWell({ sluice }: World, runId: string): Promise<string[]> {
  return notSucceeded(await sluice.ended(runId, RUN_WITHIN_MS));
}
