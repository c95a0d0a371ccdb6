import type { JsonObject, JsonSchema } from '../../contracts/json.js';
import type { CredentialVault } from '../../contracts/credential-vault.port.js';
import type { HttpClient } from '../../contracts/http.port.js';
import type { Slice } from '../../contracts/stream.js';
import type { LimitedJobs } from '../async/job-slots.js';
import type { CursorWindow } from '../cursors/cursor.js';
import type { Scope } from '../manifest/interpolation.js';
import type { Partition } from '../partitions/partition.js';
import type { SchemaOwner } from '../schema/schema-loader.js';
import { fromPlan, toPlan } from '../partitions/plan-value.js';

/** What a compiled manifest runs with. */
export interface Environment {
  /** With secrets. */
  config: JsonObject;
  http: HttpClient;
  /** Credentials that change while the connector runs. */
  credentials: CredentialVault;
  /** Takes a secret that was learned just now: no error may show it. */
  learn: (secret: string) => void;
  /** A stream's schema; see withSchemas. Errors: those of reading. */
  schemaOf: (stream: SchemaOwner, signal: AbortSignal) => Promise<JsonSchema>;
  /** Schemas of streams of which a caller has chosen some fields, by stream; default: all fields of all. */
  chosen?: ReadonlyMap<string, JsonSchema>;
  /** ms since the epoch. */
  now: () => number;
  /** Waits between looks at a job; default: a timer. Ends early when the signal aborts. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** Jobs at the source that may be under way. */
  jobs: LimitedJobs;
  /** How often a request is tried at most, where somebody waits for the answer; default: as the manifest's error handler says. */
  maxTries?: number;
}

/** A slice's own data, as stored in the plan. */
export interface SliceSpec {
  partition: Partition;
  window: CursorWindow | null;
  /** The partition has no cursor of its own: there are too many, or the manifest wants one for all. */
  global: boolean;
  /** The parents' state once this plan is carried out: the last slice of a plan, which nothing is read for. */
  parents: JsonObject | null;
  /** It was planned from a state, and is read in the way for that (StreamModel.afterwards). */
  after?: boolean;
}

export function readSpec({ spec }: Pick<Slice, 'spec'>): SliceSpec {
  const { p, x, w, g, m, v } = spec as { p?: JsonObject; x?: JsonObject; w?: unknown; g?: boolean; m?: JsonObject; v?: boolean };
  return {
    partition: { values: fromPlan(p ?? {}) as Partition['values'], extra: fromPlan(x ?? {}) as Partition['extra'] },
    window: (w ?? null) as CursorWindow | null,
    global: g === true,
    parents: m ?? null,
    after: v === true,
  };
}

export const writeSpec = ({ partition, window, global, parents, after }: SliceSpec): JsonObject => ({
  ...(Object.keys(partition.values).length > 0 ? { p: toPlan(partition.values) } : {}),
  ...(Object.keys(partition.extra).length > 0 ? { x: toPlan(partition.extra) } : {}),
  ...(window === null ? {} : { w: { ...window } }),
  ...(global ? { g: true } : {}),
  ...(parents === null ? {} : { m: parents }),
  ...(after === true ? { v: true } : {}),
});

/** What templates see of configuration and slice; Airbyte has three names for the latter. */
export function scopeOf(config: JsonObject, nowMs: number, slice: SliceSpec | null): Scope {
  const values =
    slice === null ? {} : withExtraFields({ ...slice.partition.values, ...slice.window?.values }, slice.partition.extra);
  return {
    nowMs,
    // Extra fields are also found by their own names, as in Airbyte.
    names: {
      ...slice?.partition.extra,
      config,
      stream_slice: values,
      stream_interval: values,
      stream_partition: values,
      next_page_token: null,
    },
  };
}

/**
 * A slice with its extra fields, as in Airbyte: found by that name, but none of the slice's own keys, so that a slice without
 * partition and window is empty and is written as `{}`.
 */
export function withExtraFields(
  slice: Readonly<Record<string, unknown>>,
  extra: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.defineProperty({ ...slice }, 'extra_fields', { value: extra });
}
