import type { JsonObject } from '../../contracts/json.js';
import type { CredentialVault } from '../../contracts/credential-vault.port.js';
import type { HttpClient } from '../../contracts/http.port.js';
import type { Slice } from '../../contracts/stream.js';
import type { CursorWindow } from '../cursors/datetime-based-cursor.component.js';
import type { Scope } from '../manifest/interpolation.js';
import type { Partition } from '../partitions/partition.js';

/** What a compiled manifest runs with. */
export interface Environment {
  /** With secrets. */
  config: JsonObject;
  http: HttpClient;
  /** Credentials that change while the connector runs. */
  credentials: CredentialVault;
  /** Takes a secret that was learned just now: no error may show it. */
  learn: (secret: string) => void;
  /** ms since the epoch. */
  now: () => number;
  /** How often a request is tried at most, where somebody waits for the answer; default: as the manifest's error handler says. */
  maxTries?: number;
}

/** A slice's own data, as stored in the plan. */
export interface SliceSpec {
  partition: Partition;
  window: CursorWindow | null;
}

export function readSpec({ spec }: Pick<Slice, 'spec'>): SliceSpec {
  const { p, x, w } = spec as { p?: JsonObject; x?: JsonObject; w?: unknown };
  return { partition: { values: p ?? {}, extra: x ?? {} }, window: (w ?? null) as CursorWindow | null };
}

export const writeSpec = ({ partition, window }: SliceSpec): JsonObject => ({
  ...(Object.keys(partition.values).length > 0 ? { p: partition.values } : {}),
  ...(Object.keys(partition.extra).length > 0 ? { x: partition.extra } : {}),
  ...(window === null ? {} : { w: { ...window } }),
});

/** What templates see of configuration and slice; Airbyte has three names for the latter. */
export function scopeOf(config: JsonObject, nowMs: number, slice: SliceSpec | null): Scope {
  const values =
    slice === null ? {} : { ...slice.partition.values, ...slice.window?.values, extra_fields: slice.partition.extra };
  return {
    nowMs,
    names: { config, stream_slice: values, stream_interval: values, stream_partition: values, next_page_token: null },
  };
}
