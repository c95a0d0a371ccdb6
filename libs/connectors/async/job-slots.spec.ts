import { afterEach, describe, expect, it } from '@jest/globals';
import { openSource, startApi } from '../../../test/support/local-api.js';
import type { Position } from '../../contracts/stream.js';
import { manifest, requester } from './test-support.js';

describe('jobs at the same time', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  /** Slices x, y and z of one source, each read by a reader of its own, as movers do. */
  async function three(more: object) {
    const done = new Set<string>();
    const api = await startApi(({ method, url, body }, base) => {
      if (method === 'POST') return [201, JSON.parse(body)];
      if (!url.startsWith('/jobs/')) return [200, [{ url }]];
      return [200, { status: done.has(url.slice('/jobs/'.length)) ? 'ready' : 'pending', urls: [`${base}/file`] }];
    });
    const definition = manifest({
      polling_requester: requester('/jobs/{{ creation_response.of }}'),
      creation_requester: requester('/jobs', { http_method: 'POST', request_body_json: { of: '{{ stream_partition.of }}' } }),
      partition_router: { type: 'ListPartitionRouter', cursor_field: 'of', values: ['x', 'y', 'z'] },
    });
    // A source for each, of one manifest and configuration.
    const sources = Array.from({ length: 3 }, () => openSource({ ...definition, ...more }, api));
    open.push(api, ...sources);
    const [opened] = sources;
    if (opened === undefined) throw new Error('no source');
    const clock = opened.clock;
    const plan = {
      stream: 'reports',
      state: null,
      incremental: false,
      now: new Date(clock.now).toISOString(),
      after: null,
    };
    const { slices } = await opened.source.slices(plan);
    const positions = new Map<number, Position | null>();
    const window = async (index: number): Promise<{ position: Position | null; error: unknown }> => {
      const [slice, own] = [slices[index], sources[index]];
      if (slice === undefined || own === undefined) throw new Error('no slice');
      own.clock.now = clock.now = Math.max(own.clock.now, clock.now);
      const position = positions.get(index) ?? null;
      let error: unknown = null;
      try {
        for await (const page of own.source.read({
          stream: 'reports',
          slice,
          position,
          signal: new AbortController().signal,
        }))
          positions.set(index, page.position);
      } catch (thrown) {
        error = thrown;
      }
      clock.now = own.clock.now;
      return { position: positions.get(index) ?? null, error };
    };
    return { clock, done, window, created: () => api.asked.filter((call) => call === 'POST /jobs').length };
  }

  it('are one at most, as in Airbyte; what waits shows progress and gets its turn', async () => {
    const { clock, done, window, created } = await three({});
    const first = await window(0);
    expect(first.error).toMatchObject({ code: 'SOURCE_NOT_READY' });
    const waits = [await window(1), await window(1)];
    for (const { error } of waits) expect(error).toMatchObject({ code: 'SOURCE_NOT_READY', retryAt: clock.now + 30_000 });
    expect(waits[0]?.position).not.toEqual(waits[1]?.position);
    expect(created()).toBe(1);
    done.add('x');
    expect((await window(0)).error).toBeNull();
    done.add('y');
    expect((await window(1)).error).toBeNull();
    expect(created()).toBe(2);
  });

  it('are as many as the manifest allows', async () => {
    const { window, created } = await three({ max_concurrent_async_job_count: "{{ config.get('jobs', 2) }}" });
    for (const index of [0, 1, 2, 0, 1, 2]) await window(index);
    expect(created()).toBe(2);
  });

  it('do not count a job for ever that nobody looks at any more', async () => {
    const { clock, window, created } = await three({ max_concurrent_async_job_count: 0 });
    await window(0);
    clock.now += 60_000;
    await window(1);
    expect(created()).toBe(1);
    clock.now += 120_000;
    await window(1);
    expect(created()).toBe(2);
  });
});
