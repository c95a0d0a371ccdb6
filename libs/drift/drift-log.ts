import { Beside } from '../beside/index.js';
import type { JsonObject } from '../contracts/json.js';
import { storeSchemaDrift } from '../events/index.js';
import { escapePointer } from '../json/index.js';
import type { SecretBox } from '../secrets/index.js';
import { getAlwaysThere, inTransaction, narrowAlwaysThere, putDrift, type DriftSubject, type Pool } from '../store/index.js';
import { findDrift, type Drift, type DriftSample } from './find-drift.js';

/** How often a process looks at a stream or action: a change of an API stays, and is seen the next time. */
const LOOK_EVERY_MS = 10_000;
/** Records that are looked at then. */
export const SAMPLE_RECORDS = 50;
/** Fewer say nothing of what is always there. */
const ALWAYS_FROM_RECORDS = 20;
/** So many streams and actions are remembered at most. */
const MOST_SUBJECTS = 5_000;

export interface DriftLogOptions {
  pool: Pool;
  secrets: SecretBox;
  /** Told of what could not be stored; the next sample tries again. */
  onError: (error: unknown) => void;
  nowMs?: () => number;
}

/**
 * Compares samples of what comes with what is declared, and stores the differences. It looks at a few records now and then and writes beside the caller:
 * a sample that fits, of what is known, costs no statement. Never throws, never waits.
 */
export class DriftLog {
  private readonly looked = new Map<string, number>();
  private readonly always = new Map<string, string[]>();
  private readonly writes: Beside;
  private readonly nowMs: () => number;

  constructor(private readonly options: DriftLogOptions) {
    this.writes = new Beside(options.onError);
    this.nowMs = options.nowMs ?? (() => performance.now());
  }

  /** Looks at the records that `sample` gives, if it is time to. */
  look(subject: DriftSubject, schema: JsonObject, sample: () => readonly unknown[]): void {
    const key = `${subject.connectionId}/${subject.kind}/${subject.operation}`;
    const nowMs = this.nowMs();
    const before = this.looked.get(key);
    if (before !== undefined && nowMs - before < LOOK_EVERY_MS) return;
    if (this.looked.size >= MOST_SUBJECTS) {
      this.looked.clear();
      this.always.clear();
    }
    this.looked.set(key, nowMs);
    let found: DriftSample;
    try {
      found = findDrift(schema, sample());
    } catch (error) {
      return this.options.onError(error);
    }
    if (found.records === 0) return;
    this.writes.take(this.write({ subject, key, found }), { failed: () => this.looked.delete(key) });
  }

  /** Waits for what is being written. */
  close(): Promise<void> {
    return this.writes.settled();
  }

  private async write({ subject, key, found }: { subject: DriftSubject; key: string; found: DriftSample }): Promise<void> {
    const drifts = [...found.drifts, ...(await this.missing(subject, key, found))];
    if (drifts.length === 0) return;
    await inTransaction(this.options.pool, async (tx) => {
      for (const { drift, records } of drifts) {
        const { change, pointer, found: word } = drift;
        const put = await putDrift(tx, { ...subject, change, pointer, found: word ?? '', records });
        if (put?.isNew) await storeSchemaDrift(tx, this.options.secrets, { ...subject, ...drift, connector: put.connector });
      }
    });
  }

  /** Fields that always were there and that no record of the sample has. What only some have is not always there, from now on. */
  private async missing(subject: DriftSubject, key: string, found: DriftSample): Promise<{ drift: Drift; records: number }[]> {
    if (subject.kind !== 'stream' || found.records < ALWAYS_FROM_RECORDS) return [];
    const { pool } = this.options;
    const known = this.always.get(key) ?? (await getAlwaysThere(pool, subject));
    const gone = (known ?? []).filter((name) => found.never.includes(name));
    const still = known === null ? found.always : known.filter((name) => found.always.includes(name) || gone.includes(name));
    if (known === null || still.length < known.length) await narrowAlwaysThere(pool, subject, still);
    this.always.set(key, still);
    const told = new Set(found.drifts.flatMap(({ drift }) => (drift.change === 'missing_field' ? [drift.pointer] : [])));
    return gone
      .map((name) => ({ change: 'missing_field', pointer: `/${escapePointer(name)}`, found: null }) as const)
      .filter(({ pointer }) => !told.has(pointer))
      .map((drift) => ({ drift, records: found.records }));
  }
}
