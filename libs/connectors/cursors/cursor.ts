import type { JsonObject } from '../../contracts/json.js';
import type { SourceRecord } from '../../contracts/stream.js';
import type { RequestDraft } from '../http/request-draft.js';
import type { Scope } from '../manifest/interpolation.js';
import type { Duration } from '../time/duration.js';

/** A window of a slice, as its requests show it. Texts in the cursor's own format. */
export interface CursorWindow {
  values: Record<string, string | number>;
  start: string;
  end: string;
  /** Where the configuration begins: before it nothing is missing. */
  from: string;
  /** Where the plan ends. */
  to: string;
  /** The lowest value to keep, as the cursor compares it (µs, or the count); absent: the engine filters nothing. */
  low?: number;
}

/** The highest value of a slice's records, as a position keeps it. */
export interface Highest {
  /** As a request or a state shows it, in the zone of the record's value; null: no record had one. */
  text: string | null;
  /** That zone, in minutes: the cursor's format may not show it. */
  zone: number;
  /** The value that is the greatest as a text, where that is another one than the highest; null: it is the same, or nobody asks (see observer). */
  greatest: string | null;
}

export interface CursorObserver {
  observe(record: SourceRecord): void;
  highest(): Highest;
}

/** Cuts a stream (or a partition of it) by a growing value and remembers how far it was read. Holds no state: that is handed in. */
export interface Cursor {
  field(scope: Scope): string;
  readonly numeric: boolean;
  /** One cursor for all partitions (`global_substream_cursor`). */
  readonly global: boolean;
  /** State may be kept for each partition; a cursor that cannot is refused beside a partition router. */
  readonly perPartition: boolean;
  /** The source sends the newest first: reading stops behind what is known. */
  readonly dataFeed: boolean;
  /** The engine drops what is outside the window, since the source does not. */
  readonly clientSide: boolean;
  /** Windows still to be read, given the state of this cursor. */
  windows(state: JsonObject | null, scope: Scope): CursorWindow[];
  inject(draft: RequestDraft, values: Readonly<Record<string, unknown>>, scope: Scope): void;
  /** `byText`: the greatest text counts too, as it does for what partitions share. */
  observer(scope: Scope, highest: Highest, byText: boolean): CursorObserver;
  /** Whether a record lies in what is to be read; one without a readable cursor does. */
  keeps(window: CursorWindow, scope: Scope): (record: SourceRecord) => boolean;
  /** The state once this window is complete; windows may complete in any order. */
  complete(input: { state: JsonObject | null; window: CursorWindow; highest: Highest; scope: Scope }): JsonObject;
  /** Airbyte's plain form `{field: value}` of a state: how far everything was read without a gap. */
  plain(state: JsonObject | null, scope: Scope): JsonObject;
  /** Whether a state of this cursor says how far it reaches, in a form that can be read. */
  understands(state: JsonObject, scope: Scope): boolean;
  /**
   * A state to which everything is read but what lies from `from` on, or in [from, to). Values in a format of the cursor, or ISO 8601 for one of
   * times. null: a value is none, or the range is empty. Absent `to` in the states of partitions, which share the plain form only.
   */
  except(range: { from: string; to: string | null }, scope: Scope): JsonObject | null;
  /** How far a state reaches, µs since the epoch; null: it does not say. Absent: the cursor follows no time. */
  reached?(state: JsonObject, scope: Scope): number | null;
  /**
   * The two halves of a window as [start, end], for a source that refuses it as too long; null: it cannot be cut, or is no longer than `minimum`.
   * Absent: this cursor's windows cannot be cut.
   */
  halves?(window: CursorWindow, minimum: Duration | null, scope: Scope): [[string, string], [string, string]] | null;
  /** A global state in the cursor's own format, `back` seconds earlier; null: there is none. */
  shifted(state: JsonObject | null, back: number, scope: Scope): JsonObject | null;
}
