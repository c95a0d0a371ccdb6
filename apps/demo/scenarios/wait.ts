import { setTimeout as sleep } from 'node:timers/promises';
import type { FlowRunSummary } from '../../../libs/contracts/flow-view.schema.js';
import type { RestClient } from '../rest-client.js';

const LOOK_EVERY_MS = 200;
/** A minute is what a killed call's deadline, the heartbeat of its worker and a busy machine take together. */
const LONGEST_WAIT_MS = 90_000;

/** Looks until there is something. @throws Error saying what did not come, and what was there instead. */
export async function until<T>(what: string, look: () => Promise<T | undefined>, seen: () => unknown = () => ''): Promise<T> {
  for (const deadline = performance.now() + LONGEST_WAIT_MS; ; await sleep(LOOK_EVERY_MS)) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline)
      throw new Error(`${what}: not after ${LONGEST_WAIT_MS / 1000} s; ${JSON.stringify(seen())}`);
  }
}

/** The runs of a flow, when there are so many and all have ended. */
export async function endedRuns(rest: RestClient, flow: string, count: number): Promise<FlowRunSummary[]> {
  let data: FlowRunSummary[] = [];
  const look = async () => {
    ({ data } = await rest.get<{ data: FlowRunSummary[] }>(`/v1/flow-runs?flow_id=${flow}&limit=100`));
    return data.length >= count && data.every(({ finished_at: at }) => at !== null) ? data : undefined;
  };
  return until(`${count} runs of flow ${flow} that have ended`, look, () => data.map(({ id, state }) => ({ id, state })));
}
