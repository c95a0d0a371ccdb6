import type {
  MoveChunksResult,
  MoverProgress,
  OpenedStream,
  StepError,
  SyncCarry,
  SyncSettings,
} from '../libs/contracts/workflows.js';
import type { ErrorCode } from '../libs/errors/index.js';

/** Windows in a row, for each mover at work, that may bring nothing before the run fails with NO_PROGRESS. */
const IDLE_WINDOWS_ALLOWED = 3;
const LONGEST_BACKOFF_MS = 30_000;
/** Before a step that found the destination held by another process is tried once more. */
export const HELD_WAIT_MS = 20_000;
/** Codes that the table calls permanent, but which only say that another attempt is at work: the next one sorts it out. */
const RETRIED_ALL_THE_SAME: readonly ErrorCode[] = ['STALE_WRITER'];

/** How one activity ended that did not return. */
export interface StepFailure {
  error: StepError;
  /** The table's word on whether trying again can help. */
  retryable: boolean;
  /** Nobody heard of the attempt any more: its worker died or froze. */
  lost: boolean;
  /** It had committed something before it failed. */
  progressed: boolean;
}

export type Verdict = { kind: 'retry'; delayMs: number } | { kind: 'give_up' };

/** Whether a step failed because another process has the destination: that is waited for, however long it takes. */
export const isHeld = ({ error }: Pick<StepFailure, 'error'>): boolean => error.code === 'DESTINATION_IN_USE';

/** Counts the failure against the mover's budget (a commit fills it up again) and says what to do. Changes `mover`. */
export function afterFailure(mover: MoverProgress, failure: StepFailure, settings: SyncSettings): Verdict {
  mover.failures = failure.progressed ? 1 : mover.failures + 1;
  const permanent = !failure.retryable && !RETRIED_ALL_THE_SAME.includes(failure.error.code);
  if (permanent || mover.failures > settings.failureBudget) return { kind: 'give_up' };
  return { kind: 'retry', delayMs: failure.lost ? 0 : backoffMs(mover.failures) };
}

/** 0, 1, 2, 4 … 30 s before the retry that follows the nth failure in a row. */
export function backoffMs(failures: number): number {
  return failures <= 1 ? 0 : Math.min(1_000 * 2 ** (failures - 2), LONGEST_BACKOFF_MS);
}

/** Notes what a window brought. Changes `mover` and `carry`; returns whether the run has stopped getting anywhere. */
export function afterWindow(
  carry: SyncCarry,
  mover: MoverProgress,
  result: Pick<MoveChunksResult, 'status' | 'chunks' | 'slices' | 'held'>,
): 'go_on' | 'no_progress' {
  const progressed = result.chunks > 0 || result.slices > 0;
  if (progressed) mover.failures = 0;
  mover.done = result.status === 'done';
  // A drained window was cut short by us, and one that found nothing left to do has nothing to show. One that found the destination held by
  // another process stood in a queue: whoever is in front gets on.
  if (progressed) carry.idleWindows = 0;
  else if (result.held !== true && (result.status === 'more' || result.status === 'throttled')) carry.idleWindows += 1;
  return carry.idleWindows >= IDLE_WINDOWS_ALLOWED * Math.max(1, moversUnderWay(carry)) ? 'no_progress' : 'go_on';
}

/** Movers that share the account's budget with each other: one may come off badly for a while when the others do not. */
function moversUnderWay(carry: SyncCarry): number {
  const open = carry.streams.filter((stream) => stream.state === 'open');
  return open.flatMap((stream) => stream.movers).filter((mover) => mover.attempt > 0 && !mover.done).length;
}

/** What a run begins with. */
export function freshCarry(settings: SyncSettings, streams: readonly OpenedStream[]): SyncCarry {
  return {
    settings,
    paused: false,
    idleWindows: 0,
    streams: streams.map(({ name, movers, snapshot }) => ({
      name,
      state: 'open',
      rows: 0,
      movers: reopened([], movers),
      ...(snapshot && { snapshot: { bound: snapshot.bound, holder: 0, failures: 0 } }),
    })),
  };
}

/** The movers with work again, and at least `count` of them. Attempts go on counting: an owner's token never repeats. */
export function reopened(movers: readonly MoverProgress[], count: number): MoverProgress[] {
  return Array.from({ length: Math.max(movers.length, count) }, (_, index) => ({
    id: String(index),
    attempt: movers[index]?.attempt ?? 0,
    failures: movers[index]?.failures ?? 0,
    done: false,
  }));
}

/** The error that a run with failed streams ends with: the first stream's, with how many more failed. */
export function runError(carry: SyncCarry): StepError | undefined {
  const failed = carry.streams.filter((stream) => stream.state === 'failed');
  const [first] = failed;
  if (first?.error === undefined) return undefined;
  return failed.length === 1
    ? first.error
    : { ...first.error, details: { ...first.error.details, failed_streams: failed.length } };
}

/** 1234567 → `1,234,567`. Not Intl: the words must be the same on every worker. */
export function withThousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
