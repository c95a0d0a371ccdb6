import type { JsonObject } from '../../../libs/contracts/json.js';
import type { SourceRecord } from '../../../libs/contracts/stream.js';
import type { SluiceError } from '../../../libs/errors/index.js';
import { stringifyJson } from '../../../libs/json/index.js';

/** Who has to act, in Airbyte's words. */
export type FailureType = 'config_error' | 'system_error' | 'transient_error';
export type StreamStatus = 'STARTED' | 'RUNNING' | 'COMPLETE' | 'INCOMPLETE';

/** Messages of the Airbyte protocol, each one line of JSON with its line end. Times are ms since the epoch. Pure. */
const line = (message: unknown): string => `${stringifyJson(message)}\n`;

/** What stands before and behind a record's data in its line. */
export const recordFrame = (stream: string, now: number): { head: string; tail: string } => ({
  head: `{"type":"RECORD","record":{"stream":${JSON.stringify(stream)},"data":`,
  tail: `,"emitted_at":${now}}}\n`,
});

/** One line a record. Null fields of the top level are left out, as Airbyte's own serialiser does. */
export function recordLines(stream: string, records: readonly SourceRecord[], now: number): string {
  const { head, tail } = recordFrame(stream, now);
  let lines = '';
  for (const record of records) lines += head + stringifyJson(withoutNulls(record)) + tail;
  return lines;
}

export const stateLine = (stream: string, state: JsonObject, recordCount: number): string =>
  line({
    type: 'STATE',
    state: {
      type: 'STREAM',
      stream: { stream_descriptor: { name: stream }, stream_state: state },
      sourceStats: { recordCount },
    },
  });

export const statusLine = (stream: string, status: StreamStatus, now: number): string =>
  line({
    type: 'TRACE',
    trace: {
      type: 'STREAM_STATUS',
      emitted_at: now,
      stream_status: { stream_descriptor: { name: stream }, status },
    },
  });

export const warningLine = (message: string): string => line({ type: 'LOG', log: { level: 'WARN', message } });

/** `stream` null: the run as a whole. */
export const errorLine = (
  stream: string | null,
  { message, failureType }: { message: string; failureType: FailureType },
  now: number,
): string =>
  line({
    type: 'TRACE',
    trace: {
      type: 'ERROR',
      emitted_at: now,
      error: { message, failure_type: failureType, ...(stream === null ? {} : { stream_descriptor: { name: stream } }) },
    },
  });

export const connectionStatusLine = (failure: string | null): string =>
  line({
    type: 'CONNECTION_STATUS',
    connectionStatus: failure === null ? { status: 'SUCCEEDED' } : { status: 'FAILED', message: failure },
  });

export const catalogLine = (streams: readonly JsonObject[]): string => line({ type: 'CATALOG', catalog: { streams } });

const FAILURE_TYPES: readonly unknown[] = ['config_error', 'system_error', 'transient_error'] satisfies FailureType[];

/** What the manifest's error handler said, where it spoke; else by what kind of trouble it is. */
export function failureTypeOf({ kind, details }: SluiceError): FailureType {
  const said = details['failure_type'];
  if (FAILURE_TYPES.includes(said)) return said as FailureType;
  switch (kind) {
    case 'auth':
    case 'invalid_input':
      return 'config_error';
    case 'transient':
    case 'rate_limited':
      return 'transient_error';
    case 'conflict':
    case 'provider_bug':
    case 'internal':
      return 'system_error';
    default: {
      const never: never = kind;
      throw new Error(`unknown error kind ${String(never)}`);
    }
  }
}

function withoutNulls(record: SourceRecord): SourceRecord {
  const kept: SourceRecord = {};
  let nulls = false;
  for (const name in record) {
    // An assignment to this name would call the setter of the prototype; entries are slower and safe.
    if (name === '__proto__') return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));
    if (record[name] === null) nulls = true;
    else kept[name] = record[name];
  }
  return nulls ? kept : record;
}
