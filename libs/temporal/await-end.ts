import { setTimeout as delay } from 'node:timers/promises';
import { SluiceError } from '../errors/index.js';
import type { EndWatch } from './run-ends.js';
import type { TemporalClient } from './temporal-client.js';

/** Between looks at the store while Temporal does not answer, or has no workflow that could: until the reconciler starts one. */
const LOOK_EVERY_MS = 250;
/** Of a workflow that began in this process Temporal is not asked before this time: most have ended by then, and it has other things to do. */
const ENDS_HERE_MS = 2_000;

export interface EndRequest<Run> {
  ms: number;
  hasEnded: (run: Run) => boolean;
  read: () => Promise<Run | null>;
  /** Of this run. Default: it ends elsewhere. */
  watch?: EndWatch;
  /** Its workflow began in this process. Default: no. */
  isHere?: boolean;
}

/**
 * A run of the store when its workflow has ended it, or as it is after `ms`. A Temporal that is away only makes the wait coarser. Throws NOT_FOUND where
 * `read` finds it no more.
 */
export async function awaitEnd<Run extends { workflowId: string }>(
  temporal: TemporalClient,
  run: Run,
  { ms, hasEnded, read, watch, isHere = false }: EndRequest<Run>,
): Promise<Run> {
  const until = performance.now() + ms;
  let isToldHere = isHere;
  for (let row = run; ;) {
    const left = until - performance.now();
    if (hasEnded(row) || left <= 0) return row;
    const news = isToldHere ? waited(Math.min(left, ENDS_HERE_MS)) : workflowEnd(temporal, run.workflowId, left);
    await (watch === undefined ? news.done : Promise.race([watch.ended, news.done]));
    news.stop();
    isToldHere = false;
    const found = await read();
    if (found === null) throw new SluiceError('NOT_FOUND', { detail: 'there is no such run' });
    row = found;
  }
}

interface Waiting {
  done: Promise<unknown>;
  stop(): void;
}

function waited(ms: number): Waiting {
  const stopping = new AbortController();
  return { done: delay(ms, undefined, { signal: stopping.signal }).catch(() => undefined), stop: () => stopping.abort() };
}

/** Its result, or a short while where Temporal does not have it. */
function workflowEnd(temporal: TemporalClient, workflowId: string, ms: number): Waiting {
  const done = temporal
    .call((client) => client.workflow.getHandle(workflowId).result(), ms)
    .catch(() => delay(Math.min(LOOK_EVERY_MS, ms)));
  // The question stays open until the workflow closes: that is soon, as its run has ended.
  return { done, stop: () => undefined };
}
