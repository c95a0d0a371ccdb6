import type { ActionPorts } from '../actions/index.js';
import { openText } from '../secrets/index.js';
import type { StreamRef, StreamTarget } from '../contracts/destination.port.js';
import type { SourceRecord } from '../contracts/stream.js';
import { parseJson } from '../json/index.js';
import { listRowsToRetry } from '../store/index.js';
import type { HandOver } from './hand-over.js';
import { rowOf, type MakeInput } from './row.js';

/** A row that was refused so often waits until it changes, or its stream is reset. */
const MOST_ATTEMPTS = 10;
const ROWS_AT_ONCE = 200;

/** Hands over again what earlier runs could not, as the sync maps it now. */
export async function retryRejected(
  { pool, secrets }: Pick<ActionPorts, 'pool' | 'secrets'>,
  request: {
    ref: StreamRef;
    target: StreamTarget;
    owner: { workspaceId: string; connectionId: string };
    input: MakeInput;
    handOver: HandOver;
  },
): Promise<void> {
  const { ref, target, owner, input, handOver } = request;
  const { syncId, stream, runId } = ref;
  for (let after = 0; ;) {
    const found = await listRowsToRetry(pool, { syncId, stream, runId, mostAttempts: MOST_ATTEMPTS, after, limit: ROWS_AT_ONCE });
    const last = found.at(-1);
    if (last === undefined) return;
    after = last.id;
    const records = found.flatMap(({ record }) =>
      record === null ? [] : [parseJson(openText(secrets, owner, record)) as SourceRecord],
    );
    await handOver.rows(records.map((record) => rowOf(record, target, input)));
  }
}
