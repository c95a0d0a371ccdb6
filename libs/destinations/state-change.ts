import type { StateChange, StateOrigin } from '../contracts/stream-states.port.js';
import type { StreamState } from '../contracts/stream.js';
import { parseJson } from '../json/index.js';

/** How much of a stream's history is held in memory at a time: states may be large. */
export const MOST_CHANGES = 100;
/** Changes of a state that are kept for each stream, how long, and how many bytes of them. The newest is always kept. */
export const STATES_KEPT = 100;
export const STATES_KEPT_DAYS = 90;
export const STATES_KEPT_BYTES = 64 * 1024 * 1024;

/** A state as a destination has it, with the change that made it. */
export interface StateChangeRow {
  version: string | number;
  /** As text: the driver's JSON.parse would lose digits. */
  state: string | null;
  /** null: no change of it is remembered. */
  origin: StateOrigin | null;
  runId: string | null;
  at: Date | null;
  createdAt: Date;
}

export const stateChange = (row: StateChangeRow): StateChange => ({
  version: Number(row.version),
  state: row.state === null ? null : (parseJson(row.state) as StreamState),
  origin: row.origin ?? 'run',
  runId: row.runId,
  at: row.at ?? row.createdAt,
});
