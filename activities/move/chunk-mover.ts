import type { SliceWriter, StreamTarget } from '../../libs/contracts/destination.port.js';
import type { CopyTarget, Page } from '../../libs/contracts/source.port.js';
import type { Position, Slice } from '../../libs/contracts/stream.js';
import { isKeyed } from '../../libs/contracts/write-mode.js';
import { SluiceError, toSluiceError, type ErrorCode } from '../../libs/errors/index.js';
import type { ClaimedSlice } from '../../libs/store/index.js';
import type { ChunkMoverRequest, SliceView } from './mover-request.js';
import { pause } from '../../libs/pause/index.js';
import { ChunkSizer } from '../../libs/pipeline/index.js';
import { SliceReading } from './slice-reading.js';

export type MoveOutcome = { status: 'more' | 'done' | 'drained' } | Throttled;
/** `heldBy`: where another process has the destination. */
interface Throttled {
  status: 'throttled';
  until: number;
  heldBy?: SluiceError;
}
type SliceOutcome = { status: 'completed' } | { status: 'failed' } | MoveOutcome;

/** The source could not give this slice, which says nothing of the others: as in Airbyte the stream goes on with them, and fails in the end. */
const OF_ONE_SLICE: readonly ErrorCode[] = ['SOURCE_JOB_FAILED'];

/** While a snapshot is taken. */
const SNAPSHOT_POLL_MS = 50;
/** While another mover plans. */
const ASK_AGAIN_MS = 250;
/** For a provider that says "too often" without saying until when. */
const UNKNOWN_WAIT_MS = 15_000;
/** A reader that may not be interrupted waits inside for so long; its slice would start again otherwise. */
const LONGEST_WAIT_INSIDE_MS = 15 * 60_000;

/**
 * Moves chunks of one stream for one window: claim a slice, open it, read ahead, write, commit at the source's positions, complete, next.
 * After an error of the destination it throws at once and does not re-open the slice: the next attempt does, from what is committed. Only where
 * the table's columns changed it does so itself.
 */
export class ChunkMover {
  private endedSlices = 0;
  private earlierChunks = 0;
  private writer: SliceWriter | undefined;

  /** What it learned of the destination holds for all slices of the window. */
  private readonly sizer: ChunkSizer;

  constructor(private readonly request: ChunkMoverRequest) {
    this.sizer = new ChunkSizer(request.limits, { failures: request.failures ?? 0 });
  }

  /** What this attempt achieved so far. */
  get progress(): { chunks: number; slices: number } {
    return { chunks: this.earlierChunks + (this.writer?.committedChunks ?? 0), slices: this.endedSlices };
  }

  async run(): Promise<MoveOutcome> {
    const { feed } = this.request;
    let outcome: MoveOutcome;
    try {
      outcome = await this.moveSlices();
    } catch (error) {
      // What failed is said; that slices could not be handed back the next attempt finds out by itself.
      await feed.close().catch(() => undefined);
      throw error;
    }
    await feed.close();
    return outcome;
  }

  private async moveSlices(): Promise<MoveOutcome> {
    const { feed, drain, deadline } = this.request;
    for (;;) {
      if (drain.aborted) return { status: 'drained' };
      if (Date.now() >= deadline) return { status: 'more' };
      let outcome: SliceOutcome;
      try {
        const claimed = await feed.claim();
        if (claimed === null) return { status: 'done' };
        if (claimed === 'none_yet') {
          await rest(ASK_AGAIN_MS, drain);
          continue;
        }
        const moved = await this.moveSlice(claimed);
        if (moved === 'taken_back') continue;
        outcome = moved;
      } catch (error) {
        if (error instanceof SluiceError && error.kind === 'rate_limited') return throttled(error);
        throw error;
      }
      if (outcome.status !== 'completed' && outcome.status !== 'failed') return outcome;
      this.endedSlices += 1;
    }
  }

  /** `taken_back`: the stream began anew, and the slice is open for anybody. */
  private async moveSlice({ slice, claims }: ClaimedSlice): Promise<SliceOutcome | 'taken_back'> {
    const { feed } = this.request;
    let fence: number | undefined = claims;
    for (;;) {
      const view = await this.view();
      if (!('bound' in view)) return view;
      const known = fence ?? (await feed.claimAgain(slice.id));
      if (known === null) return 'taken_back';
      const outcome = await this.openAndMove(slice, known, view);
      if (outcome?.status === 'completed') await feed.done(slice.id);
      if (outcome !== undefined) return outcome;
      fence = undefined;
    }
  }

  /** Waits for a snapshot to read from, no longer than the window. */
  private async view(): Promise<SliceView | MoveOutcome> {
    const { snapshots, drain, deadline } = this.request;
    for (;;) {
      const view = (await snapshots?.view()) ?? { snapshot: undefined, bound: false };
      if (view !== 'none_yet') return view;
      if (drain.aborted) return { status: 'drained' };
      if (Date.now() >= deadline) return { status: 'more' };
      await rest(SNAPSHOT_POLL_MS, drain);
    }
  }

  /**
   * undefined: the slice is to be opened anew, at what is committed of it, because the columns changed (a table grows so far only) or the snapshot
   * is another one now.
   */
  private async openAndMove(slice: Slice, fence: number, view: SliceView): Promise<SliceOutcome | undefined> {
    const { destination, ref, target, snapshots } = this.request;
    const writer = await destination.open({ ref, target, slice, fence });
    this.writer = writer;
    try {
      if ((await snapshots?.isCurrent(view)) === false) return undefined;
      return writer.completed ? { status: 'completed' } : await this.readInto(writer, slice, view);
    } catch (error) {
      const { code } = toSluiceError(error);
      if (code === 'SNAPSHOT_LOST' && view.snapshot !== undefined) snapshots?.isGone(view.snapshot);
      else if (code !== 'SCHEMA_MOVED') throw error;
      return undefined;
    } finally {
      await writer.close();
      this.earlierChunks += writer.committedChunks;
      this.writer = undefined;
    }
  }

  private async readInto(writer: SliceWriter, slice: Slice, { snapshot }: SliceView): Promise<SliceOutcome> {
    const { target } = this.request;
    let position = writer.position;
    const accept = (await this.accepts(writer)) ?? undefined;
    const json = this.bothKnow('json');
    const lines = this.bothKnow('copy_lines');
    for (;;) {
      const reading = new SliceReading(this.request, writer, {
        ...{ slice, from: position, accept, json, lines, snapshot },
        sizer: this.sizer,
      });
      try {
        return await reading.run();
      } catch (error) {
        const failure = toSluiceError(error);
        if (reading.sourceFailed && OF_ONE_SLICE.includes(failure.code)) {
          await this.request.feed.failed(slice.id, failure);
          return { status: 'failed' };
        }
        const next = await this.goOnAfter(failure, reading, target);
        if (next === undefined) throw error;
        position = next.position;
      } finally {
        await reading.close();
      }
    }
  }

  /** Asked only where the source has something else than records to give: it costs a round trip. */
  private async accepts(writer: SliceWriter): Promise<CopyTarget | null> {
    if (!this.bothKnow('copy_text') && !this.bothKnow('copy_binary')) return null;
    return (await writer.copyTarget?.()) ?? null;
  }

  private bothKnow(format: Exclude<Page['format'], 'records'>): boolean {
    const { source, destination } = this.request;
    return source.formats?.includes(format) === true && destination.capabilities.formats.includes(format);
  }

  /** Where to read on with the same writer after the source failed; undefined: nowhere. Only where no committed row can come twice. */
  private async goOnAfter(
    error: SluiceError,
    reading: SliceReading,
    target: StreamTarget,
  ): Promise<{ position: Position | null } | undefined> {
    if (!reading.sourceFailed) return undefined;
    // Rows that are read again meet themselves by their key; anywhere else they would be doubled.
    if (error.code === 'POSITION_REFUSED' && isKeyed(target.mode) && reading.untouched && reading.position !== null)
      return { position: null };
    if (error.kind !== 'rate_limited' || target.resume !== 'within_slice' || !reading.atPosition) return undefined;
    const waitMs = throttled(error).until - Date.now();
    if (waitMs > LONGEST_WAIT_INSIDE_MS) return undefined;
    await rest(waitMs, this.request.drain);
    return this.request.drain.aborted ? undefined : { position: reading.position };
  }
}

function throttled(error: SluiceError): Throttled {
  const until = error.retryAt ?? Date.now() + UNKNOWN_WAIT_MS;
  return { status: 'throttled', until, ...(error.code === 'DESTINATION_IN_USE' ? { heldBy: error } : {}) };
}

/** What drains ends the wait early. */
const rest = (ms: number, drain: AbortSignal): Promise<void> => pause(Math.max(0, ms), drain).catch(() => undefined);
