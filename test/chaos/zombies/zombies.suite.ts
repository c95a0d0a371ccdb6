import { randomFrom, type Random } from '../random.js';
import { tooLate, verdict, type ChaosResult } from '../result.js';
import { notSucceeded } from '../sluice-door.js';
import { pause, secondsSince } from '../wait.js';
import { NAMESPACE, withWorld, type World } from '../world.js';
import { freezeAtPlaces, nextChunk, type Victim } from './freeze.js';
import { lateWrites } from './late-writes.js';
import { PLACES } from './places.js';
import { goesOn, successorAtWork } from './succession.js';

/** A successor may be held up so long, from its claim to its first commit. */
const BLOCKED_SECONDS = 15;
/** Records per second of each run: a chunk of 20,000 rows is open for three seconds. */
const PACE_EACH = 6_000;
/** Rounds that share one run. */
const ROUNDS_PER_RUN = 3;
/** What a run needs so that it has not ended before its last round has. */
const ROWS_PER_ROUND = 90_000;
const ROWS_AT_LEAST = 50_000;
const RUN_WITHIN_MS = 180_000;
/** Random: how far a chunk has come when its writer freezes, and how long the successor has worked when the zombie wakes up. */
const BEFORE_MS = 2_000;
const ASLEEP_MS = 2_000;

/** SIGSTOP of the worker past its heartbeat, a successor at work, SIGCONT: in three places at once, in three runs of their own. */
export async function zombies({ rounds, seed }: { rounds: number; seed: number }, results: ChaosResult[]): Promise<void> {
  const rows = ROWS_AT_LEAST + ROWS_PER_ROUND * Math.min(rounds, ROUNDS_PER_RUN);
  const sizes = Object.fromEntries(PLACES.map(({ entity }) => [entity, rows]));
  await withWorld({ sizes }, async (world) => {
    const workers = new Workers(world);
    const random = randomFrom(seed);
    for (let first = 1; first <= rounds; first += ROUNDS_PER_RUN)
      results.push(
        ...(await roundsOfOneRun(world, workers, { first, last: Math.min(first + ROUNDS_PER_RUN - 1, rounds), random })),
      );
  });
}

/** The worker that has the work, and the one that takes over. */
class Workers {
  active = 'worker-1';
  private standby: string | undefined;

  constructor(private readonly world: World) {}

  /** Starts the successor and makes it the active one. @returns the name of the frozen one */
  async succeed(): Promise<string> {
    const frozen = this.active;
    this.active = (
      this.standby === undefined ? await this.world.stack.addWorker() : await this.world.stack.restart(this.standby)
    ).name;
    this.standby = frozen;
    return frozen;
  }
}

async function roundsOfOneRun(
  world: World,
  workers: Workers,
  { first, last, random }: { first: number; last: number; random: Random },
): Promise<ChaosResult[]> {
  await world.pace(PACE_EACH * PLACES.length);
  const victims = await Promise.all(PLACES.map((place) => startVictim(world, place, first)));
  await nextChunk(world, victims);
  const results: ChaosResult[] = [];
  for (let round = first; round <= last; round++) results.push(...(await oneRound(world, workers, { victims, round, random })));
  await world.pace(0);
  for (const victim of victims) {
    const problems = await judge(world, victim);
    // All rounds of a run share its end: what is wrong there is shown with the last of them.
    const shown = results.filter(({ scenario }) => scenario === victim.place.name).at(-1);
    if (shown) Object.assign(shown, { ...problems, problems: [...shown.problems, ...problems.problems] });
  }
  return results;
}

async function startVictim({ sluice }: World, place: Victim['place'], round: number): Promise<Victim> {
  const table = `zombie_${place.entity}_${round}`;
  const syncId = await sluice.createSync({ name: table, stream: place.entity, table, mode: place.mode, namespace: NAMESPACE });
  return { place, syncId, table, runId: await sluice.start(syncId) };
}

async function oneRound(
  world: World,
  workers: Workers,
  { victims, round, random }: { victims: readonly Victim[]; round: number; random: Random },
): Promise<ChaosResult[]> {
  const { stack, controlPlane } = world;
  await pause(random.between(0, BEFORE_MS));
  await freezeAtPlaces(world, workers.active, victims);
  const frozenAt = performance.now();
  // Whoever is taken over first must not read the others' share meanwhile and come to its end.
  await world.pace(PACE_EACH);
  const oldFences = await Promise.all(victims.map(({ runId }) => controlPlane.lastClaim(runId)));
  const zombie = await workers.succeed();
  const successions = await Promise.all(
    victims.map(({ runId }, index) => successorAtWork(world, { runId, oldFence: oldFences[index] ?? 0, frozenAt })),
  );
  await world.pace(PACE_EACH * PLACES.length);
  await pause(random.between(0, ASLEEP_MS));
  stack.kill(zombie, 'SIGCONT');
  await Promise.all(victims.map((victim) => goesOn(world, victim)));
  // Its polite end waits for its activities: whatever they still want to write they try before it.
  await stack.stop(zombie);
  const frozenSeconds = secondsSince(frozenAt);
  return victims.map(({ place }, index) => {
    const { takenOverSeconds = 0, commitSeconds = 0 } = successions[index] ?? {};
    console.log(
      `  round ${round}: frozen ${place.name}, taken over after ${takenOverSeconds} s, first commit ${commitSeconds} s later; round over after ${frozenSeconds} s`,
    );
    return {
      suite: 'zombies',
      round,
      scenario: place.name,
      mode: place.mode,
      moment: `taken over after ${takenOverSeconds.toFixed(1)} s`,
      lost: 0,
      duplicated: 0,
      differing: 0,
      recovery_seconds: commitSeconds,
      bound_seconds: BLOCKED_SECONDS,
      problems: tooLate(commitSeconds, BLOCKED_SECONDS),
    };
  });
}

async function judge(
  world: World,
  { runId, place, table }: Victim,
): Promise<Pick<ChaosResult, 'lost' | 'duplicated' | 'differing' | 'problems'>> {
  const run = await world.sluice.ended(runId, RUN_WITHIN_MS);
  const late = lateWrites(await world.warehouse.ledger(runId));
  const { problems, ...counts } = verdict(await world.compare(place.entity, table));
  const accepted = late.map(
    ({ slice_id, seq, fence }) => `a late write was accepted: chunk ${seq} of slice ${slice_id} by fence ${fence}`,
  );
  return { ...counts, problems: [...notSucceeded(run), ...accepted, ...problems] };
}
