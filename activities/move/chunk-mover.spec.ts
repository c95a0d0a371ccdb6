import { describe, expect, it } from '@jest/globals';
import type { CommittedChunk, Destination, StreamTarget } from '../../libs/contracts/destination.port.js';
import type { Page, Source } from '../../libs/contracts/source.port.js';
import type { Position } from '../../libs/contracts/stream.js';
import { SluiceError } from '../../libs/errors/index.js';
import { ChunkMover } from './chunk-mover.js';
import type { ChunkMoverRequest } from './mover-request.js';
import { recordsOf } from '../../libs/pipeline/index.js';

type Read = (position: Position | null, signal: AbortSignal) => AsyncIterable<Page>;

const page = (from: number, count = 10, position: Position | null = from + count): Page => ({
  format: 'records',
  records: Array.from({ length: count }, (_, index) => ({ id: from + index })),
  position,
  bytes: count,
  requests: 1,
});

/** One slice, a source as given, and a destination that remembers what was committed. */
function world(options: {
  read: Read;
  mode?: StreamTarget['mode'];
  resume?: StreamTarget['resume'];
  from?: Position;
  windowMs?: number;
  rows?: number;
  /** How long the commit of so many records took. */
  commitMs?: (rows: number) => number;
  failures?: number;
  /** Its columns change when this record comes, once. */
  movesAt?: number;
  /** What opening a slice throws. */
  refuses?: SluiceError;
}) {
  const committed: { ids: number[]; position: Position | null }[] = [];
  const said: string[] = [];
  const drain = new AbortController();
  let open: number[] = [];
  let slices = 1;
  let completed = false;
  let moves = options.movesAt;
  let at: Position | null = null;
  let lastCommit: CommittedChunk | undefined;
  const commit = async (position: Position | null) => {
    at = position;
    if (open.length > 0) committed.push({ ids: open, position });
    lastCommit = { rows: open.length, bytes: open.length, ms: options.commitMs?.(open.length) ?? 500 };
    open = [];
  };
  const destination = {
    open: async ({ fence }: { fence: number }) => {
      said.push(`open ${fence}`);
      if (options.refuses) throw options.refuses;
      return {
        position: at ?? options.from ?? null,
        completed: false,
        get committedChunks() {
          return committed.length;
        },
        get lastCommit() {
          return lastCommit;
        },
        write: async (page: Page) => {
          const ids = recordsOf(page).map(({ id }) => Number(id));
          if (ids.includes(moves ?? -1)) {
            moves = undefined;
            throw new SluiceError('SCHEMA_MOVED');
          }
          open.push(...ids);
        },
        commit,
        complete: async (position: Position | null) => {
          await commit(position);
          completed = true;
        },
        close: async () => {
          open = [];
          said.push('close');
        },
      };
    },
  } as unknown as Destination;
  const source = {
    read: ({ position, signal }: { position: Position | null; signal: AbortSignal }) => options.read(position, signal),
    complete: () => ({ done: true }),
  } as unknown as Source;
  let claims = 7;
  const feed: ChunkMoverRequest['feed'] = {
    claim: async () => (slices-- > 0 ? { slice: { id: 's', spec: {}, partition: '' }, claims: 7, takenOver: false } : null),
    done: async (id) => void said.push(`done ${id}`),
    failed: async (id, { code }) => void said.push(`failed ${id} ${code}`),
    claimAgain: async () => ++claims,
    close: async () => undefined,
  };
  const mover = new ChunkMover({
    source,
    destination,
    feed,
    ref: { installation: 'i', syncId: 's', stream: 'numbers', lane: 'live', runId: 'r', epoch: 1 },
    target: { mode: options.mode ?? 'incremental_append', resume: options.resume ?? 'exact' } as StreamTarget,
    warn: async (words) => void said.push(...words),
    // a chunk begins with a quarter of the most
    limits: { rows: 4 * (options.rows ?? 20), bytes: 4e9, ms: 60_000 },
    failures: options.failures,
    deadline: Date.now() + (options.windowMs ?? 60_000),
    drain: drain.signal,
  });
  return {
    mover,
    committed,
    said,
    drain,
    at: () => at,
    ids: () => committed.flatMap(({ ids }) => ids),
    isCompleted: () => completed,
  };
}

const upTo = (end: number): Read =>
  async function* (position) {
    for (let at = position === null ? 0 : Number(position); at < end; at += 10) yield page(at);
  };
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
const hang = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

describe('ChunkMover', () => {
  it('opens a slice anew under a new claim where the columns changed, and reads on from what is committed', async () => {
    const w = world({ read: upTo(50), movesAt: 35 });
    expect(await w.mover.run()).toEqual({ status: 'done' });
    expect(w.ids()).toEqual(numbers(0, 50));
    expect(w.said).toEqual(['open 7', 'close', 'open 8', 'close', 'done s']);
  });

  it('opens a slice with its claim as fence, commits where chunks are full, completes, and says it is done', async () => {
    const w = world({ read: upTo(50) });
    expect(await w.mover.run()).toEqual({ status: 'done' });
    expect(w.committed.map(({ position }) => position)).toEqual([20, 40, 50]);
    expect(w.ids()).toEqual(numbers(0, 50));
    expect(w.said).toEqual(['open 7', 'close', 'done s']);
    expect(w.mover.progress).toEqual({ chunks: 3, slices: 1 });
  });

  it('commits larger chunks while the destination is quick, and smaller ones when it gets slow, each record once', async () => {
    const w = world({ read: upTo(700), commitMs: (rows) => (rows > 40 ? 3_000 : 20) });
    expect(await w.mover.run()).toEqual({ status: 'done' });
    expect(w.committed.map(({ ids }) => ids.length).slice(0, 6)).toEqual([20, 40, 80, 40, 80, 40]);
    expect(w.committed.map(({ position }) => position)).toEqual(w.committed.map(({ ids }) => (ids.at(-1) ?? 0) + 1));
    expect(w.ids()).toEqual(numbers(0, 700));
  });

  it('goes on where the ledger is with smaller chunks after a failure, each record once', async () => {
    const first = world({
      commitMs: () => 20,
      read: async function* () {
        for (let from = 0; from < 100; from += 10) yield page(from);
        throw new SluiceError('SOURCE_SERVER_ERROR');
      },
    });
    await expect(first.mover.run()).rejects.toMatchObject({ code: 'SOURCE_SERVER_ERROR' });
    const second = world({ read: upTo(200), from: first.at() ?? 0, failures: 1, rows: 40 });
    expect(await second.mover.run()).toEqual({ status: 'done' });
    expect(second.committed[0]?.ids).toHaveLength(10);
    expect([...first.ids(), ...second.ids()]).toEqual(numbers(0, 200));
  });

  it('hands on what the source warns of', async () => {
    const w = world({
      read: async function* () {
        yield { ...page(0), warnings: ['a list is cut short'] };
      },
    });
    expect(await w.mover.run()).toEqual({ status: 'done' });
    expect(w.said).toEqual(['open 7', 'a list is cut short', 'close', 'done s']);
  });

  it('gives a slice up whose job the source could not finish, with what it committed, and no other failure', async () => {
    const failing = (error: SluiceError): Read =>
      async function* () {
        yield page(0);
        throw error;
      };
    const w = world({ read: failing(new SluiceError('SOURCE_JOB_FAILED')) });
    expect(await w.mover.run()).toEqual({ status: 'done' });
    expect(w.said).toEqual(['open 7', 'failed s SOURCE_JOB_FAILED', 'close']);
    expect({ at: w.at(), completed: w.isCompleted(), slices: w.mover.progress.slices }).toEqual({
      at: 10,
      completed: false,
      slices: 1,
    });
    const other = world({ read: failing(new SluiceError('SOURCE_BAD_RESPONSE')) });
    await expect(other.mover.run()).rejects.toMatchObject({ code: 'SOURCE_BAD_RESPONSE' });
    expect(other.said).toEqual(['open 7', 'close']);
  });

  it('ends a chunk only at a position that the source gave', async () => {
    const w = world({
      read: async function* () {
        yield page(0, 30, null);
        yield page(30, 10, null);
        yield page(40, 10, 'here');
      },
    });
    await w.mover.run();
    expect(w.committed.map(({ position }) => position)).toEqual(['here']);
  });

  it('commits what it has and returns when it is asked to drain', async () => {
    const w = world({
      rows: 1_000,
      read: async function* (_, signal) {
        yield page(0);
        yield page(10);
        w.drain.abort();
        await hang(signal);
      },
    });
    expect(await w.mover.run()).toEqual({ status: 'drained' });
    expect(w.committed).toEqual([{ ids: numbers(0, 20), position: 20 }]);
    expect(w.isCompleted()).toBe(false);
  });

  it('drops what came after the last position when it has to stop', async () => {
    const w = world({
      rows: 1_000,
      read: async function* (_, signal) {
        yield page(0, 10, null);
        w.drain.abort();
        await hang(signal);
      },
    });
    expect(await w.mover.run()).toEqual({ status: 'drained' });
    expect(w.committed).toEqual([]);
  });

  it('returns at the end of the window, but not within a slice that would have to start again', async () => {
    const slow: Read = async function* (position) {
      for (let at = Number(position ?? 0); at < 50; at += 10) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        yield page(at);
      }
    };
    expect(await world({ read: slow, windowMs: 15 }).mover.run()).toEqual({ status: 'more' });
    const whole = world({ read: slow, windowMs: 15, resume: 'none' });
    expect(await whole.mover.run()).toEqual({ status: 'more' });
    expect(whole.isCompleted()).toBe(true);
  });

  it('does not leave at the end of the window where the source would send again what was read', async () => {
    const read: Read = async function* (_, signal) {
      for (let at = 0; at < 40; at += 10) {
        if (at === 10) await new Promise((resolve) => setTimeout(resolve, 300));
        yield { ...page(at), rereads: at < 30 };
      }
      await hang(signal);
    };
    const w = world({ read, windowMs: 200 });
    expect(await w.mover.run()).toEqual({ status: 'more' });
    expect(w.ids()).toEqual(numbers(0, 40));
  });

  it('keeps what it read before the source failed, and throws', async () => {
    const w = world({
      rows: 1_000,
      read: async function* () {
        yield page(0);
        throw new SluiceError('SOURCE_SERVER_ERROR');
      },
    });
    await expect(w.mover.run()).rejects.toMatchObject({ code: 'SOURCE_SERVER_ERROR' });
    expect(w.committed).toEqual([{ ids: numbers(0, 10), position: 10 }]);
    expect(w.mover.progress).toEqual({ chunks: 1, slices: 0 });
    expect(w.said).toEqual(['open 7', 'close']);
  });

  it('says until when it is throttled, after committing', async () => {
    const retryAt = Date.now() + 60_000;
    const w = world({
      read: async function* () {
        yield page(0);
        throw new SluiceError('RATE_LIMITED', { retryAt });
      },
    });
    expect(await w.mover.run()).toEqual({ status: 'throttled', until: retryAt });
    expect(w.ids()).toEqual(numbers(0, 10));
  });

  it('says so where the destination is held by another process', async () => {
    const retryAt = Date.now() + 20_000;
    const w = world({ read: upTo(10), refuses: new SluiceError('DESTINATION_IN_USE', { retryAt }) });
    expect(await w.mover.run()).toEqual({
      ...{ status: 'throttled', until: retryAt },
      heldBy: expect.objectContaining({ code: 'DESTINATION_IN_USE' }) as unknown,
    });
  });

  it('keeps where a source is that has no rows yet, and waits for it on a timer', async () => {
    const retryAt = Date.now() + 60_000;
    const w = world({
      read: async function* () {
        yield page(0, 0, { job: 'j1' });
        throw new SluiceError('SOURCE_NOT_READY', { retryAt });
      },
    });
    expect(await w.mover.run()).toEqual({ status: 'throttled', until: retryAt });
    expect(w.at()).toEqual({ job: 'j1' });
  });

  it('waits inside where only this reader can go on', async () => {
    let refused = false;
    const w = world({
      resume: 'within_slice',
      read: async function* (position) {
        for (let at = Number(position ?? 0); at < 40; at += 10) {
          if (at === 20 && !refused) {
            refused = true;
            throw new SluiceError('RATE_LIMITED', { retryAt: Date.now() + 20 });
          }
          yield page(at);
        }
      },
    });
    expect(await w.mover.run()).toEqual({ status: 'done' });
    expect(w.ids()).toEqual(numbers(0, 40));
    expect(w.said).toEqual(['open 7', 'close', 'done s']);
  });

  describe('where the source refuses the position', () => {
    const read: Read = async function* (position, signal) {
      if (position === 'old') throw new SluiceError('POSITION_REFUSED');
      yield* upTo(20)(position, signal);
    };
    it('reads an upsert again from the beginning of the slice', async () => {
      const w = world({ read, from: 'old', mode: 'incremental_upsert' });
      expect(await w.mover.run()).toEqual({ status: 'done' });
      expect(w.ids()).toEqual(numbers(0, 20));
    });
    it.each(['incremental_append', 'full_refresh_overwrite'] as const)('fails %s, which would double rows', async (mode) => {
      await expect(world({ read, from: 'old', mode }).mover.run()).rejects.toMatchObject({ code: 'POSITION_REFUSED' });
    });
  });
});
