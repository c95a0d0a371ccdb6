import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpClient } from '../../contracts/http.port.js';
import type { JsonObject } from '../../contracts/json.js';
import { rowsOf } from '../../pipeline/index.js';
import { compileManifestText } from '../compile-manifest.js';
import { createDeclarativeSource } from '../declarative-source.js';
import { windowAfter } from './pages-ahead.js';

const LATENCY_MS = 15;

/** Reads `total` records, ten a page, from a source that takes its time; says what was asked, in which order, and how many at once. */
async function read(strategy: JsonObject, { total, pagesAhead, fail }: { total: number; pagesAhead?: number; fail?: number }) {
  const manifest = {
    type: 'DeclarativeSource',
    check: { type: 'CheckStream', stream_names: ['items'] },
    streams: [
      {
        ...{ type: 'DeclarativeStream', name: 'items' },
        retriever: {
          type: 'SimpleRetriever',
          requester: { type: 'HttpRequester', url_base: 'https://api.test', path: '/items' },
          record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['data'] } },
          paginator: {
            type: 'DefaultPaginator',
            pagination_strategy: strategy,
            page_token_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'at' },
          },
        },
      },
    ],
    spec: { type: 'Spec', connection_specification: { type: 'object' } },
  };
  const asked: number[] = [];
  let [underWay, most] = [0, 0];
  const factor = strategy['type'] === 'PageIncrement' ? 10 : 1;
  const http: HttpClient = {
    async send({ url, signal }) {
      const at = Number(new URL(url).searchParams.get('at') ?? 0) * factor;
      asked.push(at);
      most = Math.max(most, (underWay += 1));
      await sleep(LATENCY_MS, undefined, { signal }).finally(() => (underWay -= 1));
      const ids = Array.from({ length: Math.max(0, Math.min(10, total - at)) }, (_, n) => ({ id: at + n }));
      const body = Buffer.from(JSON.stringify({ data: ids, next: at + 10 < total ? at + 10 : null }));
      return { status: at === fail ? 403 : 200, headers: {}, body, url, bytes: body.length };
    },
  };
  const { model } = compileManifestText(JSON.stringify(manifest));
  const source = createDeclarativeSource({ model, config: {}, http });
  const [slice] = (
    await source.slices({ stream: 'items', state: null, now: '2026-01-09T00:00:00Z', incremental: true, after: null })
  ).slices;
  if (slice === undefined) throw new Error('no slice');
  const { signal } = new AbortController();
  const positions: unknown[] = [];
  const sizes: number[] = [];
  let failed = false;
  try {
    for await (const page of source.read({
      stream: 'items',
      slice,
      position: null,
      signal,
      json: true,
      ...(pagesAhead && { pagesAhead }),
    })) {
      positions.push(page.position);
      sizes.push(rowsOf(page));
    }
  } catch {
    failed = true;
  }
  return { asked, most, positions, sizes, failed };
}

const OFFSETS = { type: 'OffsetIncrement', page_size: 10 };
const NUMBERS = { type: 'PageIncrement', page_size: 10 };

describe('pages ahead', () => {
  it.each([
    ['offsets', OFFSETS],
    ['numbers', NUMBERS],
  ])('are the same pages in the same order, sooner, with at most a window in vain: %s', async (_, strategy) => {
    for (const total of [0, 5, 10, 195, 200]) {
      const plain = await read(strategy, { total });
      const ahead = await read(strategy, { total, pagesAhead: 8 });
      expect({ positions: ahead.positions, sizes: ahead.sizes }).toEqual({ positions: plain.positions, sizes: plain.sizes });
      expect(ahead.asked.slice(0, plain.asked.length)).toEqual(plain.asked);
      expect(ahead.asked.length - plain.asked.length).toBeLessThan(8);
      expect(plain.most).toBe(1);
      expect(ahead.most).toBeLessThanOrEqual(8);
    }
    expect((await read(strategy, { total: 400, pagesAhead: 8 })).most).toBe(8);
  });

  it('are not asked for where only the page before tells its token, or nobody allows it', async () => {
    const tokens = { type: 'CursorPagination', cursor_value: '{{ response.next }}' };
    expect((await read(tokens, { total: 100, pagesAhead: 8 })).most).toBe(1);
    expect((await read(OFFSETS, { total: 100 })).most).toBe(1);
    expect((await read({ type: 'PageIncrement' }, { total: 100, pagesAhead: 8 })).most).toBe(1);
  });

  it('fail where the page in turn fails, after all before it', async () => {
    const { sizes, failed } = await read(OFFSETS, { total: 400, pagesAhead: 8, fail: 250 });
    expect([sizes.length, failed]).toEqual([25, true]);
    // Behind the end nobody is told that something failed.
    expect((await read(OFFSETS, { total: 255, pagesAhead: 8, fail: 260 })).failed).toBe(false);
  });
});

describe('the window', () => {
  const page = { waitedMs: 50, workedMs: 5, bytes: 1_000, most: 8 };
  it.each([
    [1, {}, 2],
    [4, {}, 8],
    [8, {}, 8],
    [2, { waitedMs: 1 }, 2],
    [4, { bytes: 10_000_000 }, 1],
    [4, { bytes: 4_000_000 }, 4],
  ])('of %d, after %j, is %d', (before, more, after) => {
    expect(windowAfter(before, { ...page, ...more })).toBe(after);
  });
});
