import type { ActionPorts } from '../actions/index.js';
import type {
  Counts,
  Destination,
  DestinationCapabilities,
  PreparedStream,
  Settle,
  SliceWriter,
  StreamRef,
  StreamTarget,
  SyncRef,
} from '../contracts/destination.port.js';
import type { ActionDescription } from '../contracts/action.port.js';
import type { Slice } from '../contracts/stream.js';
import { completedSlice } from '../destinations/completed-slice.js';
import { staleRun } from '../destinations/stale-run.js';
import { staleWriter } from '../destinations/stale-writer.js';
import { SluiceError } from '../errors/index.js';
import {
  deleteReverse,
  deleteReverseSlices,
  fenceReverseStream,
  finishReverseStream,
  hasOpenReverseSlices,
  holdReverseStream,
  inTransaction,
  listDoneReverseSlices,
  openReverseSlice,
  raiseReverseEpoch,
  setReverseState,
  sumReverseChunks,
  type Db,
  type Pool,
} from '../store/index.js';
import { ActionWriter, positionOf, stateOf, textOf } from './action-writer.js';
import { HandOver } from './hand-over.js';
import { rejectedRows } from './rejected-rows.js';
import { retryRejected } from './retry-rejected.js';
import type { MakeInput } from './row.js';

/** Every version of a row once: a call that is lost is resolved by the action's own means, and only actions that have one take rows. */
export const ACTION_CAPABILITIES: DestinationCapabilities = {
  delivery: { incremental_upsert: 'exactly_once' },
  formats: ['records'],
  writers: 'many_processes',
  deletes: false,
  digests: false,
  changes: false,
  childTables: false,
};

export interface ActionDestinationOptions {
  ports: ActionPorts & { pool: Pool };
  workspaceId: string;
  connectionId: string;
  connector: string;
  connectorHash: string;
  actions: readonly ActionDescription[];
  /** What makes an action's input of a record, checked against its schema. Errors: VALIDATION_FAILED. */
  inputOf: (action: NonNullable<StreamTarget['action']>) => MakeInput;
}

const SLICES_PER_READ = 1_000;
const NO_COUNTS: Counts = {
  ...{ read: 0, inserted: 0, updated: 0, unchanged: 0, superseded: 0, deduplicated: 0, deleted: 0, filtered: 0, quarantined: 0 },
  ...{ discarded: 0, removed: 0, bytes: 0, chunks: 0 },
};

/** An action of an API as the destination of a sync: rows become calls. What a destination remembers lies in the control plane. */
export class ActionDestination implements Destination {
  readonly capabilities = ACTION_CAPABILITIES;
  readonly quarantine;

  constructor(private readonly options: ActionDestinationOptions) {
    const { ports, ...owner } = options;
    this.quarantine = rejectedRows(ports, owner);
  }

  private get pool(): Pool {
    return this.options.ports.pool;
  }

  /** Nothing is called: whether the account is right the connection's own check tells. */
  async check(): Promise<void> {
    if (this.options.actions.length === 0) throw new SluiceError('CONFIG_INVALID', { detail: 'the connector has no actions' });
  }

  async prepare({ ref, target, settle }: { ref: StreamRef; target: StreamTarget; settle?: Settle }): Promise<PreparedStream> {
    this.receiver(target);
    return inTransaction(this.pool, async (tx) => {
      const row = await raiseReverseEpoch(tx, ref);
      if (row === null) throw staleRun(ref);
      const state = settle === undefined ? stateOf(row.state) : await this.settle(tx, row, settle);
      // Rows that an earlier run read are known by themselves, wherever its slices ended.
      if (row.first) await deleteReverseSlices(tx, { streamId: row.id });
      return { generation: 0, schemaVersion: 0, state, unfinished: [] };
    });
  }

  async open(request: { ref: StreamRef; target: StreamTarget; slice: Slice; fence: number }): Promise<SliceWriter> {
    const { ref, target, slice, fence } = request;
    const opened = await inTransaction(this.pool, async (tx) => {
      const stream = await holdReverseStream(tx, ref);
      if (stream === null) throw staleRun(ref);
      const { id: sliceId, spec, partition } = slice;
      return openReverseSlice(tx, { streamId: stream.id, sliceId, spec, partition, fence });
    });
    if (opened === null) throw staleWriter(ref, { slice, fence });
    // A slice that cannot go on where it was starts again: what was handed over is known.
    const position = target.resume === 'exact' || opened.done ? opened.position : null;
    if (opened.done) return completedSlice({ position: positionOf(position) });
    const stopping = new AbortController();
    return new ActionWriter({
      ...{ pool: this.pool, ref, target, slice, fence, opened: { ...opened, position } },
      input: this.input(target),
      handOver: this.handOver(request, stopping.signal),
      stop: () => stopping.abort(new SluiceError('STALE_WRITER', { detail: 'the writer is closed' })),
    });
  }

  async finish({ ref, target, settle }: { ref: StreamRef; target: StreamTarget; settle?: Settle }): Promise<void> {
    await retryRejected(this.options.ports, {
      ...{ ref, target, owner: this.options, input: this.input(target) },
      handOver: this.handOver({ ref, target }, new AbortController().signal),
    });
    await inTransaction(this.pool, async (tx) => {
      const row = await holdReverseStream(tx, ref);
      if (row === null) throw staleRun(ref);
      if (row.finishedRun === ref.runId) return;
      if (await hasOpenReverseSlices(tx, { streamId: row.id }))
        throw new SluiceError('INTERNAL', { detail: `a slice of the stream ${ref.stream} is not complete` });
      if (settle !== undefined) await this.settle(tx, row, settle);
      await deleteReverseSlices(tx, { streamId: row.id });
      await finishReverseStream(tx, { id: row.id, runId: ref.runId });
    });
  }

  async fence({ ref }: { ref: StreamRef }): Promise<void> {
    await fenceReverseStream(this.pool, ref);
  }

  async reset({ ref }: { ref: StreamRef }): Promise<void> {
    await inTransaction(this.pool, (tx) => deleteReverse(tx, { syncId: ref.syncId, stream: ref.stream }));
  }

  async restart({ ref }: { ref: StreamRef }): Promise<void> {
    // There are no generations: rows that are read again are compared with what was called.
    const held = await inTransaction(this.pool, (tx) => holdReverseStream(tx, ref));
    if (held === null) throw staleRun(ref);
  }

  async release({ syncId }: SyncRef): Promise<void> {
    await inTransaction(this.pool, (tx) => deleteReverse(tx, { syncId }));
  }

  async inspect({ ref }: { ref: StreamRef }): Promise<Counts> {
    return { ...NO_COUNTS, ...(await sumReverseChunks(this.pool, ref)) };
  }

  async close(): Promise<void> {
    // Each call opens what it needs.
  }

  private handOver(stream: { ref: StreamRef; target: StreamTarget }, signal: AbortSignal): HandOver {
    const { ports, workspaceId, connectionId, connector, connectorHash } = this.options;
    const action = this.receiver(stream.target);
    return new HandOver(ports, { workspaceId, connectionId, connector, connectorHash, action }, stream, signal);
  }

  private input({ action }: StreamTarget): MakeInput {
    if (action === undefined) throw new SluiceError('INTERNAL', { detail: 'the stream names no action' });
    return this.options.inputOf(action);
  }

  /** The connector may have changed since the sync was accepted. */
  private receiver({ action }: StreamTarget): ActionDescription {
    const found = this.options.actions.find(({ name }) => name === action?.name);
    if (found === undefined)
      throw new SluiceError('UNKNOWN_ACTION', { detail: `the connector has no action "${action?.name ?? ''}"` });
    if (found.repeat === 'none')
      throw new SluiceError('CONFIG_INVALID', {
        detail: `the action "${found.name}" has no means to resolve a lost answer, and takes no rows`,
      });
    return found;
  }

  private async settle(tx: Parameters<typeof setReverseState>[0], row: { id: number; state: string | null }, settle: Settle) {
    const state = await settle(stateOf(row.state), doneSlices(tx, row.id));
    await setReverseState(tx, { id: row.id, state: textOf(state) });
    return state;
  }
}

async function* doneSlices(db: Db, streamId: number) {
  for (let after = ''; ;) {
    const rows = await listDoneReverseSlices(db, { streamId, after, limit: SLICES_PER_READ });
    for (const { sliceId, spec, partition, position } of rows)
      yield {
        slice: { id: sliceId, spec: spec, partition },
        position: positionOf(position),
      };
    const last = rows.at(-1);
    if (last === undefined || rows.length < SLICES_PER_READ) return;
    after = last.sliceId;
  }
}
