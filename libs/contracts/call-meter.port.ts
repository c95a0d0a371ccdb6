/** Whose calls they are. */
export interface Caller {
  workspaceId: string;
  /** Where an endpoint is told something: the endpoint. */
  connectionId: string;
  connector: string;
}

/** What an outgoing call is for: a stream's records, an action, the lookup of an action's outcome, a credential, or a webhook endpoint that is told something. */
export type OperationKind = 'stream' | 'action' | 'lookup' | 'credential' | 'webhook';

export interface Operation {
  kind: OperationKind;
  /** Of the stream or action; of what an endpoint is told, its type. */
  name: string;
}

/** What became of a call. `held`: it was not made, since its budget did not let it go in time. */
export type CallOutcome =
  '1xx' | '2xx' | '3xx' | '4xx' | '429' | '5xx' | 'timeout' | 'unreachable' | 'refused' | 'cancelled' | 'held';

/** One call. Nothing of what its address, headers or bodies say. */
export interface CallSample {
  caller: Caller;
  operation: Operation;
  host: string;
  /** When it was over, ms since the epoch. */
  atMs: number;
  outcome: CallOutcome;
  status: number | null;
  /** From the first byte sent to the last one received. */
  latencyMs: number;
  /** How long it waited for its budget before. */
  waitedMs: number;
  /** Of the bodies, on the wire. */
  bytesOut: number;
  bytesIn: number;
  /** 1 for the first try of a request. */
  attempt: number;
}

/** Counts outgoing calls. Never throws, never waits. */
export interface CallMeter {
  record(sample: CallSample): void;
}
