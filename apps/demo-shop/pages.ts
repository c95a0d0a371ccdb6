import { setImmediate } from 'node:timers/promises';
import { tickOf, type Entity, type Run, type Sizes } from './entities.js';
import { row } from './generator.js';
import type { OrderLog } from './order-log.js';

/** Rows rendered at a time: some 8 ms of work, so that rendering on demand never stalls the other requests for long. */
const BLOCK_ROWS = 2_000;

/** Rows of a block as JSON, each followed by a comma; `ends[i]` is the offset behind row i's comma. */
interface Block {
  readonly bytes: Buffer;
  readonly ends: Uint32Array;
}

/**
 * Records as JSON bytes, so that serving a page is cutting a buffer. Blocks stay in memory up to the cap, the least recently used go
 * first, and a missing one is rendered on demand: right at any size, fast while everything fits.
 */
export class PageStore {
  private readonly blocks = new Map<string, Block>();
  private heldBytes = 0;
  /** Something had to go: rendering ahead would only push out what is there. */
  private full = false;
  private scratch = Buffer.allocUnsafe(1 << 20);

  constructor(private readonly options: { sizes: Sizes; marker: string; cacheBytes: number }) {}

  /** Renders everything that fits under the cap; between blocks the process can still be told to end. */
  async prerender(entity: Entity, log: OrderLog): Promise<void> {
    for (const { from, to, run } of log.segments) {
      for (let id = from; id <= to; id += BLOCK_ROWS) {
        if (this.full) return;
        await setImmediate();
        this.block(entity, run, Math.floor((id - run.first) / BLOCK_ROWS));
      }
    }
  }

  /** The records at positions `from..to-1` as buffers that together are comma-separated JSON without a trailing comma. */
  rows(entity: Entity, log: OrderLog, from: number, to: number): Buffer[] {
    const parts: Buffer[] = [];
    for (const piece of log.pieces(from, to)) this.cut(entity, piece.run, piece.from, piece.to, parts);
    const last = parts.pop();
    if (last !== undefined) parts.push(last.subarray(0, last.length - 1));
    return parts;
  }

  private cut(entity: Entity, run: Run, from: number, to: number, into: Buffer[]): void {
    for (let id = from; id <= to;) {
      const number = Math.floor((id - run.first) / BLOCK_ROWS);
      const blockFirst = run.first + number * BLOCK_ROWS;
      const last = Math.min(to, blockFirst + BLOCK_ROWS - 1);
      const { bytes, ends } = this.block(entity, run, number);
      into.push(bytes.subarray(id === blockFirst ? 0 : ends[id - blockFirst - 1], ends[last - blockFirst]));
      id = last + 1;
    }
  }

  private block(entity: Entity, run: Run, number: number): Block {
    const key = `${entity}/${run.revision}/${run.tick}/${run.first}-${run.last}/${number}`;
    const known = this.blocks.get(key);
    const block = known ?? this.render(entity, run, number);
    if (known !== undefined) this.blocks.delete(key);
    else this.heldBytes += block.bytes.length;
    this.blocks.set(key, block);
    for (const [oldest, { bytes }] of this.blocks) {
      if (this.heldBytes <= this.options.cacheBytes || oldest === key) break;
      this.full = true;
      this.blocks.delete(oldest);
      this.heldBytes -= bytes.length;
    }
    return block;
  }

  private render(entity: Entity, run: Run, number: number): Block {
    const { sizes, marker } = this.options;
    const first = run.first + number * BLOCK_ROWS;
    const count = Math.min(BLOCK_ROWS, run.last - first + 1);
    const ends = new Uint32Array(count);
    let position = 0;
    for (let i = 0; i < count; i++) {
      const id = first + i;
      const json = JSON.stringify(row(entity, id, { sizes, marker, revision: run.revision, tick: tickOf(run, id) })) + ',';
      // UTF-8 needs at most three bytes for a UTF-16 unit.
      if (this.scratch.length - position < json.length * 3)
        this.scratch = Buffer.concat([this.scratch], this.scratch.length * 2 + json.length * 3);
      position += this.scratch.write(json, position);
      ends[i] = position;
    }
    return { bytes: Buffer.from(this.scratch.subarray(0, position)), ends };
  }
}
