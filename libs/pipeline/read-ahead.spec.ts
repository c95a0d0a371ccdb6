import { describe, expect, it } from '@jest/globals';
import type { Page } from '../contracts/source.port.js';
import { ReadAhead } from './read-ahead.js';

const page = (n: number): Page => ({ format: 'records', records: [{ n }], position: n, bytes: 1, requests: 1 });
const never = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

describe('ReadAhead', () => {
  it('hands out pages in order and then says that it was all', async () => {
    async function* pages() {
      for (let n = 1; n <= 5; n += 1) yield page(n);
    }
    const ahead = new ReadAhead(pages(), new AbortController().signal);
    const seen = [];
    for (let next = await ahead.next(Infinity); next.kind === 'page'; next = await ahead.next(Infinity))
      seen.push(next.page.position);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(await ahead.next(Infinity)).toEqual({ kind: 'end' });
  });

  it('never reads more than two pages ahead', async () => {
    let read = 0;
    async function* pages() {
      for (;;) yield page((read += 1));
    }
    const stop = new AbortController();
    const ahead = new ReadAhead(pages(), stop.signal);
    for (let taken = 0; taken < 10; taken += 1) {
      await ahead.next(Infinity);
      await new Promise((resolve) => setImmediate(resolve));
      expect(read - taken).toBeLessThanOrEqual(4);
    }
    stop.abort(new Error('enough'));
    await ahead.closed();
  });

  it('hands out what was read before it throws what the source threw', async () => {
    async function* pages() {
      yield page(1);
      throw new Error('broken');
    }
    const ahead = new ReadAhead(pages(), new AbortController().signal);
    expect(await ahead.next(Infinity)).toMatchObject({ kind: 'page' });
    await expect(ahead.next(Infinity)).rejects.toThrow('broken');
  });

  it('takes the error that follows a stop for the stop', async () => {
    const stop = new AbortController();
    async function* pages() {
      yield page(1);
      await never(stop.signal);
    }
    const ahead = new ReadAhead(pages(), stop.signal);
    expect(await ahead.next(Infinity)).toMatchObject({ kind: 'page' });
    stop.abort(new Error('pause'));
    expect(await ahead.next(Infinity)).toEqual({ kind: 'stopped' });
  });

  it('does not wait longer than told', async () => {
    const stop = new AbortController();
    // eslint-disable-next-line require-yield -- a source that never answers
    async function* pages() {
      await never(stop.signal);
    }
    const ahead = new ReadAhead(pages() as AsyncIterable<Page>, stop.signal);
    expect(await ahead.next(5)).toEqual({ kind: 'nothing_yet' });
    stop.abort(new Error('enough'));
    await ahead.closed();
  });
});
