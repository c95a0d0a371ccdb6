import { createHash } from 'node:crypto';
import { stringifyJson } from '../../json/index.js';
import type { JsonObject } from '../../contracts/json.js';

/** A job that nobody looks at any more holds its slot so much longer than the next look was due: its reader may be gone. */
export const SLOT_GRACE_MS = 2 * 60_000;
/** What waits for a slot asks again after this. */
export const SLOT_PAUSE_MS = 30_000;

/** Jobs under way at one source, for one configuration, in this process. A job has the name of what it is for: stream and slice. */
export class JobSlots {
  private readonly held = new Map<string, number>();

  constructor(private readonly limit: number) {}

  /** false: as many jobs as are allowed are under way, and this is none of them. */
  take(job: string, untilMs: number, nowMs: number): boolean {
    if (!this.held.has(job) && this.underWay(nowMs) >= this.limit) return false;
    this.held.set(job, untilMs);
    return true;
  }

  /** A job that is there already, whoever created it: it counts, also where that is more than are allowed. */
  hold(job: string, untilMs: number): void {
    this.held.set(job, untilMs);
  }

  free(job: string): void {
    this.held.delete(job);
  }

  /** How many are held; what has run out is forgotten. */
  underWay(nowMs: number): number {
    for (const [job, untilMs] of this.held) if (untilMs <= nowMs) this.held.delete(job);
    return this.held.size;
  }
}

/** By compiled manifest, which a process keeps, and by the digest of configuration and limit: movers of a stream open a source each. */
const bySource = new WeakMap<object, Map<string, JobSlots>>();

export function jobSlotsOf(
  model: object,
  { config, limit, nowMs }: { config: JsonObject; limit: number; nowMs: number },
): JobSlots {
  const known = bySource.get(model) ?? new Map<string, JobSlots>();
  bySource.set(model, known);
  const key = createHash('sha256')
    .update(stringifyJson([config, limit]))
    .digest('hex');
  const found = known.get(key);
  if (found !== undefined) return found;
  // Configurations that are not read any more.
  for (const [other, slots] of known) if (slots.underWay(nowMs) === 0) known.delete(other);
  const slots = new JobSlots(limit);
  known.set(key, slots);
  return slots;
}
