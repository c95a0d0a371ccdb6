import type { Caller, CallMeter, CallOutcome } from '../contracts/call-meter.port.js';
import type { HttpRequest } from '../contracts/http.port.js';
import { toSluiceError } from '../errors/index.js';
import type { Hop } from './redirect.js';

const ASKING_MS = 5;

/** What happens to one call, in its order: held, or sent and then answered or failed. A call that nobody sends is not counted. */
export interface CallCount {
  held(error: unknown): void;
  granted(): void;
  sent(): void;
  answered(status: number, bytesIn: number): void;
  failed(error: unknown, cancelled: boolean): void;
}

/** Begins to count a call that is about to ask for its budget; undefined: it belongs to no operation. */
export type CountCall = (call: { request: HttpRequest; hop: Hop }) => CallCount | undefined;

/** Counts calls as those of `caller`. */
export function countedBy(meter: CallMeter, caller: Caller): CountCall {
  return ({ request, hop }) => {
    const { operation, attempt = 1 } = request;
    if (operation === undefined) return undefined;
    const { host } = hop.url;
    const askedMs = performance.now();
    let grantedMs: number | undefined;
    let sentMs: number | undefined;
    const record = (outcome: CallOutcome, status: number | null, bytesIn: number): void => {
      const nowMs = performance.now();
      // Written out field by field: spreading made a call cost twice as much.
      meter.record({
        caller,
        operation,
        host,
        atMs: Date.now(),
        outcome,
        status,
        latencyMs: sentMs === undefined ? 0 : nowMs - sentMs,
        waitedMs: overhead((grantedMs ?? nowMs) - askedMs),
        bytesOut: sentMs === undefined || hop.body === undefined ? 0 : Buffer.byteLength(hop.body),
        bytesIn,
        attempt,
      });
    };
    return {
      held: (error) => {
        if (toSluiceError(error).kind === 'rate_limited') record('held', null, 0);
      },
      granted: () => (grantedMs = performance.now()),
      sent: () => (sentMs = performance.now()),
      answered: (status, bytesIn) => record(outcomeOf(status), status, bytesIn),
      failed: (error, cancelled) => {
        if (sentMs !== undefined) record(cancelled ? 'cancelled' : failureOf(error), null, 0);
      },
    };
  };
}

/** Asking takes a moment too, and is no waiting. */
const overhead = (ms: number): number => (ms < ASKING_MS ? 0 : ms);

function outcomeOf(status: number): CallOutcome {
  if (status === 429) return '429';
  return status >= 500 ? '5xx' : status >= 400 ? '4xx' : status >= 300 ? '3xx' : status >= 200 ? '2xx' : '1xx';
}

/** What kept the answer away; `refused`: we did not take it, or did not call. */
function failureOf(error: unknown): CallOutcome {
  const { code } = toSluiceError(error);
  return code === 'SOURCE_TIMEOUT' ? 'timeout' : code === 'SOURCE_UNREACHABLE' ? 'unreachable' : 'refused';
}
