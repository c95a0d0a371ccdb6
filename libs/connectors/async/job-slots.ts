import { createHash } from 'node:crypto';
import { stringifyJson } from '../../json/index.js';
import type { JobSlots } from '../../contracts/job-slots.port.js';
import type { JsonObject } from '../../contracts/json.js';

/** A job that nobody looks at any more holds its slot so much longer than the next look was due: its reader may be gone. */
export const SLOT_GRACE_MS = 2 * 60_000;
/** What waits for a slot asks again after this. */
export const SLOT_PAUSE_MS = 30_000;

/** The jobs that may be under way, and how many of them. */
export interface LimitedJobs {
  slots: JobSlots;
  limit: number;
}

/** Of the readers in this process. */
export class MemoryJobSlots implements JobSlots {
  private readonly held = new Map<string, number>();

  constructor(private readonly now: () => number) {}

  async take({ job, limit, holdMs }: { job: string; limit: number; holdMs: number }): Promise<boolean> {
    if (!this.held.has(job) && this.underWay() >= limit) return false;
    await this.hold({ job, holdMs });
    return true;
  }

  async hold({ job, holdMs }: { job: string; holdMs: number }): Promise<void> {
    this.held.set(job, this.now() + holdMs);
  }

  async free({ job }: { job: string }): Promise<void> {
    this.held.delete(job);
  }

  /** How many are held; what has run out is forgotten. */
  underWay(): number {
    const nowMs = this.now();
    for (const [job, untilMs] of this.held) if (untilMs <= nowMs) this.held.delete(job);
    return this.held.size;
  }
}

/** By compiled manifest, which a process keeps, and by the digest of the configuration. */
const bySource = new WeakMap<object, Map<string, MemoryJobSlots>>();

/** Shared by the sources of one manifest and configuration in this process. */
export function memoryJobSlots(model: object, { config, now }: { config: JsonObject; now: () => number }): JobSlots {
  const known = bySource.get(model) ?? new Map<string, MemoryJobSlots>();
  bySource.set(model, known);
  const key = createHash('sha256').update(stringifyJson(config)).digest('hex');
  const found = known.get(key);
  if (found !== undefined) return found;
  // Configurations that are not read any more.
  for (const [other, slots] of known) if (slots.underWay() === 0) known.delete(other);
  const slots = new MemoryJobSlots(now);
  known.set(key, slots);
  return slots;
}
