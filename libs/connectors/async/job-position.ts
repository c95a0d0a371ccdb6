import type { JsonObject } from '../../contracts/json.js';
import type { Position } from '../../contracts/stream.js';
import { isObject } from '../manifest/tree.js';
import type { KeptResponse } from './kept-response.js';

/** Where the reader of a job was. */
export interface JobPosition {
  /** The job that was created; null: none is under way. */
  job: KeptResponse | null;
  /** Jobs that were begun for this slice, this one included. */
  attempt: number;
  /** When the job was created, ms since the epoch. */
  since: number;
  /** How often its status was asked for; where none is under way, how often it was waited for being allowed to create one. */
  polls: number;
  /** No new job before this time, ms since the epoch; 0: at once. */
  notBefore: number;
  /** The download that is under way, and where in it; null: its beginning. */
  target: number;
  within: Position | null;
}

export const JOB_BEGINNING: JobPosition = { job: null, attempt: 0, since: 0, polls: 0, notBefore: 0, target: 0, within: null };

/** The source said that there is nothing to get for the slice: the state stays as it is. */
export const wasSkipped = (position: Position | null): boolean => isObject(position) && position['e'] === 'skipped';

/** A slice that is over, and what its pages reached. */
export type JobEnd = { end: 'read'; within: Position | null } | { end: 'skipped' };

export function formatJobPosition({ job, attempt, since, polls, notBefore, target, within }: JobPosition): Position {
  return {
    a: attempt,
    ...(job === null ? {} : { j: { b: job.body, h: job.headers }, s: since }),
    ...(job === null && polls === 0 ? {} : { n: polls }),
    ...(notBefore === 0 ? {} : { f: notBefore }),
    ...(target === 0 ? {} : { i: target }),
    ...(within === null ? {} : { p: within }),
  };
}

export const formatJobEnd = (end: JobEnd): Position =>
  // The last download's own fields stand beside it, for those who fold them into the state.
  end.end === 'skipped' ? { e: 'skipped' } : { ...(isObject(end.within) ? end.within : {}), e: 'read' };

export function parseJobPosition(position: Position | null): JobPosition | JobEnd {
  if (!isObject(position)) return JOB_BEGINNING;
  const { a, j, s, n, f, i, p, e } = position;
  const within = p ?? null;
  if (e === 'skipped') return { end: 'skipped' };
  if (e === 'read') return { end: 'read', within: position };
  const { b, h } = (j ?? {}) as { b?: JsonObject; h?: JsonObject };
  return {
    job: b === undefined ? null : { body: b, headers: h ?? {} },
    attempt: Number(a ?? 0),
    since: Number(s ?? 0),
    polls: Number(n ?? 0),
    notBefore: Number(f ?? 0),
    target: Number(i ?? 0),
    within,
  };
}
