import type { HoldSnapshotInput } from '../../libs/contracts/activities.schema.js';
import type { ConnectionOpener } from '../../libs/contracts/connection-opener.port.js';
import { isTerminal } from '../../libs/contracts/run-state.js';
import type { HeldSnapshot, Source } from '../../libs/contracts/source.port.js';
import type { HoldSnapshotResult } from '../../libs/contracts/workflows.js';
import { SluiceError, toSluiceError, type ErrorCode } from '../../libs/errors/index.js';
import { pause } from '../../libs/pause/index.js';
import {
  loadRunScope,
  openRunDestination,
  openRunSource,
  pinnedCatalog,
  streamScope,
  type RunScope,
} from '../../libs/runs/run-scope.js';
import {
  beginSnapshot,
  countSlices,
  hasOpenSlices,
  hideSnapshot,
  inTransaction,
  refuseSnapshot,
  reopenSlices,
  showSnapshot,
  type Pool,
  type RunSnapshot,
} from '../../libs/store/index.js';
import { settling } from '../run/settling.js';
import { sayOfSnapshot } from './say.js';

interface Deps {
  pool: Pool;
  opener: ConnectionOpener;
}

/** With these the source says that it never gives one. */
const REFUSALS: readonly ErrorCode[] = ['SOURCE_PERMISSION_DENIED', 'SOURCE_UNSUPPORTED'];
const REMEDY =
  'Let the connection’s role export a snapshot (on PostgreSQL: GRANT EXECUTE ON FUNCTION pg_export_snapshot()), through an address that always leads to the same server';
const ENDED: HoldSnapshotResult = { status: 'ended' };

/**
 * Takes a snapshot of the source, shows it to the stream's movers and holds it until `stop` aborts, the source ends it, or its time is over.
 * One that follows another is said in the run; where slices are bound to one snapshot the stream begins anew with it.
 */
export async function holdSnapshot(deps: Deps, input: HoldSnapshotInput, stop: AbortSignal): Promise<HoldSnapshotResult> {
  const { pool, opener } = deps;
  const scope = await loadRunScope(pool, input.runId);
  if (scope === null || isTerminal(scope.run.state)) return ENDED;
  // From here on movers wait: what earlier holders showed may be gone.
  const before = await beginSnapshot(pool, input);
  if (before === null) return ENDED;
  const { source } = await openRunSource(pool, opener, scope);
  let held: HeldSnapshot | undefined;
  try {
    held = await source.snapshots?.hold(input);
    if (held === undefined) throw new SluiceError('SOURCE_UNSUPPORTED', { detail: 'the source has no snapshots' });
    if (stop.aborted || !(await show(deps, { scope, source, before, input, held }))) return ENDED;
    const isComplete = async (): Promise<boolean> => !(await hasOpenSlices(pool, input).catch(() => true));
    return { status: await ending(held, { longestMs: source.snapshots?.longestMs ?? 0, stop, isComplete }) };
  } catch (error) {
    const { code, message } = toSluiceError(error);
    if (before.bound || !(input.last || REFUSALS.includes(code))) throw error;
    await refuseSnapshot(pool, input);
    await sayOfSnapshot(pool, input, {
      code: 'snapshot.refused',
      message: `each slice is read as of its own moment, so that rows which changed meanwhile may be of different moments: ${message}. ${REMEDY}`,
    });
    return { status: 'refused' };
  } finally {
    await held?.release();
    await hideSnapshot(pool, input).catch(() => undefined); // movers find out by themselves
    await source.close();
  }
}

interface Taken {
  scope: RunScope;
  source: Source;
  before: RunSnapshot;
  input: HoldSnapshotInput;
  held: HeldSnapshot;
}

/** false: a newer holder is there. */
async function show({ pool, opener }: Deps, { scope, source, before, input, held }: Taken): Promise<boolean> {
  const { pending, claimed, done } = await countSlices(pool, input);
  const left = pending + claimed;
  if (before.taken > 0 && left > 0) {
    if (before.bound) await beginAnew({ pool, opener }, { scope, source, input });
    await sayOfSnapshot(pool, input, {
      code: 'snapshot.renewed',
      message: before.bound
        ? 'the snapshot was lost: all slices are read again from a new one, since rows without a key may have moved between them'
        : 'the snapshot was lost: slices that were not finished are read from a new one, as of a later moment than the finished ones',
      details: { snapshots: before.taken + 1, finished_slices: done, open_slices: left },
    });
  }
  return showSnapshot(pool, { ...input, id: held.id });
}

/**
 * First the plan: who opens a slice of the new generation with a snapshot of before sees that another one is taken, and leaves it. The generation
 * to give up is named, so that a holder that was believed dead does not give up its successor's.
 */
async function beginAnew(
  { pool, opener }: Deps,
  { scope, source, input }: Pick<Taken, 'scope' | 'source' | 'input'>,
): Promise<void> {
  const catalog = await pinnedCatalog(pool, scope);
  if (catalog === null) throw new SluiceError('NOT_FOUND', { detail: 'the run was not begun', details: { run: input.runId } });
  const { ref, target } = streamScope(scope, catalog, input.stream);
  const destination = await openRunDestination(opener, scope);
  try {
    const settle = settling(source, { stream: ref.stream, target, plannedAt: null });
    const { generation } = await destination.prepare({ ref, target, settle });
    if (!(await inTransaction(pool, (tx) => reopenSlices(tx, input)))) return;
    await destination.restart({ ref, generation });
    await destination.prepare({ ref, target, settle });
  } finally {
    await destination.close();
  }
}

/** A cancellation comes with a heartbeat, up to a second late, and the run would wait for it: the holder looks by itself whether anybody still reads. */
const LOOK_EVERY_MS = 250;

async function ending(
  held: HeldSnapshot,
  { longestMs, stop, isComplete }: { longestMs: number; stop: AbortSignal; isComplete: () => Promise<boolean> },
): Promise<HoldSnapshotResult['status']> {
  let timer: NodeJS.Timeout | undefined;
  let onStop: (() => void) | undefined;
  const over = new AbortController();
  const complete = async (): Promise<'complete'> => {
    do await pause(LOOK_EVERY_MS, over.signal);
    while (!(await isComplete()));
    return 'complete';
  };
  try {
    return await Promise.race([
      complete(),
      held.lost.then(() => 'lost' as const),
      new Promise<'expired'>((resolve) => (timer = setTimeout(() => resolve('expired'), longestMs))),
      new Promise<'ended'>((resolve) => {
        onStop = () => resolve('ended');
        if (stop.aborted) onStop();
        else stop.addEventListener('abort', onStop);
      }),
    ]);
  } finally {
    over.abort();
    clearTimeout(timer);
    if (onStop) stop.removeEventListener('abort', onStop);
  }
}
