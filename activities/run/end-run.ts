import type { EndRunInput } from '../../libs/contracts/activities.schema.js';
import type { ConnectionOpener } from '../../libs/contracts/connection-opener.port.js';
import { isTerminal } from '../../libs/contracts/run-state.js';
import { errorEntry } from '../../libs/errors/index.js';
import { loadRunScope, openRunDestination, streamRef, type RunScope } from '../../libs/runs/run-scope.js';
import { failRun } from '../../libs/runs/fail-run.js';
import type { SecretBox } from '../../libs/secrets/index.js';
import {
  appendRunLog,
  clearNeedsReauthorization,
  inTransaction,
  listRunStreams,
  setRunStreamState,
  transitionRun,
  type Pool,
} from '../../libs/store/index.js';
import { abandonJobs } from './abandon-jobs.js';
import { refreshCounts } from './refresh-counts.js';

interface Deps {
  pool: Pool;
  opener: ConnectionOpener;
  secrets: SecretBox;
}

/** Closes the run with what the ledger says now. A run that somebody else has closed (a reconciler) stays as it is. */
export async function endRun({ pool, opener, secrets }: Deps, { runId, outcome, error }: EndRunInput): Promise<void> {
  const scope = await loadRunScope(pool, runId);
  if (scope === null) return;
  // While the run is still active: the next one must find what was given up, and nothing else.
  if (outcome === 'cancelled' && !isTerminal(scope.run.state)) await abandonJobs({ pool, opener }, scope);
  // The run ends all the same when the destination is away: that may be why it failed.
  if (outcome !== 'succeeded') await lastCounts({ pool, opener }, scope).catch(() => undefined);
  const ended =
    outcome === 'failed'
      ? await inTransaction(pool, (tx) => failRun(tx, secrets, { id: runId, ...(error === undefined ? {} : { error }) }))
      : await transitionRun(pool, { id: runId, to: outcome });
  if (ended === null) return;
  if (outcome === 'succeeded') await clearNeedsReauthorization(pool, { ids: [scope.sync.sourceId, scope.sync.destinationId] });
  for (const stream of await listRunStreams(pool, { runId }))
    if (outcome !== 'succeeded' && stream.state !== 'finished')
      await setRunStreamState(pool, { runId, stream: stream.stream, state: 'failed' });
  await appendRunLog(pool, {
    runId,
    level: outcome === 'failed' ? 'error' : 'info',
    code: error?.code ?? `run.${outcome}`,
    stream: error?.stream ?? null,
    message: error === undefined ? `the run ${outcome === 'cancelled' ? 'was cancelled' : outcome}` : wordsFor(error),
    details: error?.details ?? {},
  });
}

function wordsFor(error: NonNullable<EndRunInput['error']>): string {
  const { title, next } = errorEntry(error.code);
  return `${title}${error.detail === undefined ? '' : `: ${error.detail}`}. ${next}`;
}

async function lastCounts({ pool, opener }: Omit<Deps, 'secrets'>, scope: RunScope): Promise<void> {
  const destination = await openRunDestination(opener, scope);
  try {
    for (const { stream, state } of await listRunStreams(pool, { runId: scope.run.id }))
      if (state !== 'finished') await refreshCounts(pool, destination, streamRef(scope, stream));
  } finally {
    await destination.close();
  }
}
