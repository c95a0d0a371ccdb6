import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { openSource, readAll, startApi, type Api, type Handle } from '../../../test/support/local-api.js';
import { recordsOf } from '../../pipeline/index.js';
import type { Source } from '../../contracts/source.port.js';
import type { Position } from '../../contracts/stream.js';
import { jobs, manifest, requester } from './test-support.js';

describe('AsyncRetriever', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });
  async function world(definition: object, handle: Handle) {
    const api = await startApi(handle);
    const opened = openSource(definition, api);
    open.push(api, opened);
    return { api, opened, read: (options?: Parameters<typeof readAll>[2]) => readAll(opened, 'reports', options) };
  }
  const count = (api: Api, call: string) => api.asked.filter((one) => one === call).length;

  it('creates a job, waits until it is done, and reads what it made', async () => {
    const { api, read } = await world(manifest(), jobs({ 1: ['pending', 'pending', 'ready'] }));
    const { records, error, state } = await read();
    expect(error).toBeNull();
    expect(records).toEqual([{ n: 1 }, { n: 2 }]);
    expect(api.asked).toEqual(['POST /jobs', 'GET /jobs/1', 'GET /jobs/1', 'GET /jobs/1', 'GET /file/a']);
    expect(state).toEqual({ __ab_no_cursor_state_message: true });
  });

  it('reads packed files, several of them, and deletes the job then', async () => {
    const files = { '/file/a': gzipSync('A,B\n1,x\n'), '/file/b': gzipSync('A,B\n2,y\n3,z\n') };
    const { api, read } = await world(
      manifest({
        download_decoder: { type: 'GzipDecoder', decoder: { type: 'CsvDecoder' } },
        delete_requester: requester('/jobs/{{ creation_response.id }}', { http_method: 'DELETE' }),
      }),
      jobs({}, files),
    );
    expect((await read()).records).toEqual([
      { A: '1', B: 'x' },
      { A: '2', B: 'y' },
      { A: '3', B: 'z' },
    ]);
    expect(api.asked.slice(-3)).toEqual(['GET /file/a', 'GET /file/b', 'DELETE /jobs/1']);
  });

  it('asks for a new job when one fails, three times in all, and then says so', async () => {
    const again = await world(manifest(), jobs({ 1: ['failed'], 2: ['pending', 'failed'], 3: ['ready'] }));
    expect((await again.read()).records).toHaveLength(2);
    const never = await world(manifest(), jobs({ 1: ['failed'], 2: ['failed'], 3: ['failed'] }));
    const { error, positions } = await never.read();
    expect(error).toMatchObject({ code: 'SOURCE_JOB_FAILED', retryable: false });
    expect(count(never.api, 'POST /jobs')).toBe(3);
    // The next run begins with a new job.
    expect(positions.at(-1)).toEqual({ a: 0 });
  });

  it('waits before it asks again for a job that failed, on a timer of the workflow', async () => {
    const { opened, api, read } = await world(
      manifest({ failed_retry_wait_time_in_seconds: "{{ config.get('wait', 600) }}" }),
      jobs({ 1: ['failed'], 2: ['ready'] }),
    );
    const first = await read();
    expect(first.error).toMatchObject({ code: 'SOURCE_NOT_READY', kind: 'rate_limited', retryAt: opened.clock.now + 600_000 });
    expect(count(api, 'POST /jobs')).toBe(1);
    opened.clock.now += 600_000;
    expect((await read({ position: first.positions.at(-1) ?? null })).records).toHaveLength(2);
  });

  it('ends a job that takes too long, and asks for another one', async () => {
    const { api, opened } = await world(
      manifest({
        polling_job_timeout: 1,
        abort_requester: requester('/jobs/{{ creation_response.id }}/abort', { http_method: 'POST' }),
      }),
      jobs({ 1: ['pending'], 2: ['timeout'], 3: ['ready'] }),
    );
    let position = null;
    for (let window = 0; ; window++) {
      const { records, positions, error } = await readAll(opened, 'reports', { position });
      if (error === null) {
        expect(records).toHaveLength(2);
        break;
      }
      expect(error).toMatchObject({ code: 'SOURCE_NOT_READY' });
      expect(window).toBeLessThan(20);
      position = positions.at(-1) ?? null;
      opened.clock.now = (error as { retryAt: number }).retryAt;
    }
    expect(count(api, 'POST /jobs/1/abort') + count(api, 'POST /jobs/2/abort')).toBe(2);
    expect(count(api, 'POST /jobs')).toBe(3);
  });

  it('goes on with the job that another reader created', async () => {
    const { api, read } = await world(manifest(), jobs({ 1: ['ready'] }));
    const { positions } = await read();
    const resumed = await read({ position: positions[0] ?? null });
    expect(resumed.records).toHaveLength(2);
    expect(count(api, 'POST /jobs')).toBe(1);
    // Behind the end there is nothing.
    expect((await read({ position: positions.at(-1) ?? null })).records).toEqual([]);
  });

  it('goes on within several downloads, and refuses to when the job is lost', async () => {
    const files = { '/file/a': [{ n: 1 }], '/file/b': [{ n: 2 }] };
    const { read } = await world(manifest(), jobs({ 1: ['ready', 'ready', 'gone'] }, files));
    const { positions } = await read();
    expect((await read({ position: positions[1] ?? null })).records).toEqual([{ n: 2 }]);
    expect((await read({ position: positions[1] ?? null })).error).toMatchObject({ code: 'POSITION_REFUSED' });
  });

  it('asks for a new job where the source has lost the one it waited for', async () => {
    const { api, read } = await world(manifest(), jobs({ 1: ['pending', 'gone'], 2: ['ready'] }));
    expect((await read()).records).toHaveLength(2);
    expect(count(api, 'POST /jobs')).toBe(2);
  });

  it('leaves the worker while a long job runs, with progress to show for each look', async () => {
    const { opened, read } = await world(manifest(), jobs({ 1: [...Array<string>(9).fill('pending'), 'ready'] }));
    const first = await read();
    expect(first.error).toMatchObject({ code: 'SOURCE_NOT_READY' });
    const second = await read({ position: first.positions.at(-1) ?? null });
    expect(second.positions.at(-1)).not.toEqual(first.positions.at(-1));
    expect(opened.clock.now).toBeGreaterThanOrEqual(Date.parse('2024-06-01T00:00:30Z'));
  });

  it('gets nothing of a job that the source skipped, and keeps the state', async () => {
    const cursor = {
      type: 'DatetimeBasedCursor',
      cursor_field: 'day',
      datetime_format: '%Y-%m-%d',
      start_datetime: '2024-01-01',
    };
    const { api, read } = await world(manifest({}, { incremental_sync: cursor }), jobs({ 1: ['empty'] }));
    const { records, state } = await read({ state: { day: '2024-05-05' } });
    expect(records).toEqual([]);
    expect(api.asked).toEqual(['POST /jobs', 'GET /jobs/1']);
    expect(state).toEqual({ day: '2024-05-05' });
  });

  it('shows templates the answers, their headers and the request that created the job', async () => {
    let id = 0;
    const handle: Handle = ({ method, url, headers }) => {
      if (method === 'POST') return [200, { id: ++id, part: { name: 'x' } }, { 'X-Batch': 'b7' }];
      if (url.startsWith('/status')) return [200, { status: 'ready', file: 'f' }, { 'X-Poll': 'p1' }];
      return [200, [{ url, scope: headers['x-scope'], batch: headers['x-batch'] }]];
    };
    const { read } = await world(
      manifest({
        creation_requester: requester('/jobs', { http_method: 'POST', request_headers: { 'X-Scope': 'mine' } }),
        polling_requester: requester("/status/{{ creation_response['part']['name'] }}", {
          request_headers: {
            'X-Scope': "{{ stream_slice.extra_fields['creation_response'].request.headers['x-scope'] }}",
          },
        }),
        download_target_extractor: undefined,
        download_requester: requester(
          "/download/{{ polling_response['file'] }}/{{ polling_response.headers['X-Poll'] }}{{ download_target }}",
          {
            request_headers: {
              'X-Scope': "{{ stream_slice.extra_fields['creation_response'].request.headers['X-Scope'] }}",
              'X-Batch': "{{ stream_slice.extra_fields['creation_response'].headers['x-batch'] }}",
            },
          },
        ),
      }),
      handle,
    );
    const { records, positions } = await read();
    expect(records).toEqual([{ url: '/download/f/p1', scope: 'mine', batch: 'b7' }]);
    expect(positions[0]).toMatchObject({ j: { b: { part: { name: 'x' } }, h: { 'x-batch': 'b7' } } });
    expect((await read({ position: positions[0] ?? null })).records).toEqual(records);
    expect(JSON.stringify(positions)).not.toContain('mine');
  });

  it('asks a further call what to download, and pages through the downloads', async () => {
    const handle: Handle = ({ method, url }) => {
      if (method === 'POST') return [200, { id: 'j' }];
      if (url === '/jobs/j') return [200, { status: 'ready', export: 'e9' }];
      if (url === '/targets/e9') return [200, { parts: ['p', 'q'] }];
      const [, part, page = '0'] = /^\/part\/(\w)(?:\?offset=(\d+))?$/.exec(url) ?? [];
      const rows = Number(page) === 0 ? 2 : 1;
      return [200, { rows: Array.from({ length: rows }, (_, index) => ({ id: `${part}${Number(page) + index}` })) }];
    };
    const { read, api } = await world(
      manifest({
        download_target_requester: requester("/targets/{{ polling_response['export'] }}"),
        download_target_extractor: { type: 'DpathExtractor', field_path: ['parts', '*'] },
        download_requester: requester('/part/{{ download_target }}'),
        download_extractor: { type: 'DpathExtractor', field_path: ['rows'] },
        download_paginator: {
          type: 'DefaultPaginator',
          page_token_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'offset' },
          pagination_strategy: { type: 'OffsetIncrement', page_size: 2 },
        },
        record_selector: {
          type: 'RecordSelector',
          extractor: { type: 'DpathExtractor', field_path: ['ignored'] },
          record_filter: { type: 'RecordFilter', condition: "{{ record['id'] != 'p1' }}" },
        },
      }),
      handle,
    );
    const { records, positions } = await read();
    expect(records.map(({ id }) => id)).toEqual(['p0', 'p2', 'q0', 'q1', 'q2']);
    expect(api.asked.filter((call) => call.includes('/part/'))).toEqual([
      'GET /part/p',
      'GET /part/p?offset=2',
      'GET /part/q',
      'GET /part/q?offset=2',
    ]);
    expect((await read({ position: positions[1] ?? null })).records.map(({ id }) => id)).toEqual(['p2', 'q0', 'q1', 'q2']);
  });

  it('tries again when the job cannot be created, and gives up on what only a person can correct', async () => {
    let tries = 0;
    const flaky = await world(manifest(), (request, base) =>
      request.method === 'POST' && ++tries < 3 ? [400, { message: 'busy' }] : jobs({})(request, base),
    );
    expect((await flaky.read()).records).toHaveLength(2);
    const refused = await world(manifest(), () => [401, {}]);
    expect((await refused.read()).error).toMatchObject({ code: 'SOURCE_AUTH_FAILED' });
    expect(refused.api.asked).toEqual(['POST /jobs']);
  });

  it('counts a job that the source refuses to create, three times, as one that failed', async () => {
    const { api, read } = await world(manifest(), () => [400, { message: 'no such report' }]);
    const { error } = await read();
    expect(error).toMatchObject({
      code: 'SOURCE_JOB_FAILED',
      details: { stream: 'reports', status: 'refused', jobs: 3 },
      cause: { code: 'SOURCE_REQUEST_REFUSED' },
    });
    expect(count(api, 'POST /jobs')).toBe(3);
  });

  it('names a status that the manifest does not know', async () => {
    const { read } = await world(manifest(), jobs({ 1: ['exploded'] }));
    expect((await read()).error).toMatchObject({ code: 'SOURCE_BAD_RESPONSE', detail: expect.stringContaining('exploded') });
  });

  it('asks again what to download where an address has run out, once, and reads on where it was', async () => {
    let polls = 0;
    const dead = new Set<string>();
    const handle: Handle = ({ method, url }, base) => {
      if (method === 'POST') return [201, { id: 1 }];
      if (url.startsWith('/jobs/')) {
        polls += 1;
        return [200, { status: 'ready', urls: ['a', 'b'].map((file) => `${base}/file/${file}?signed=${polls}`) }];
      }
      if (dead.has(url)) return [403, { code: 'ExpiredToken' }];
      // All addresses of a poll run out after one download.
      for (const file of ['a', 'b']) dead.add(`/file/${file}?signed=${polls}`);
      return [200, [{ url }]];
    };
    const { api, read } = await world(manifest(), handle);
    expect((await read()).records).toEqual([{ url: '/file/a?signed=1' }, { url: '/file/b?signed=2' }]);
    expect(api.asked).toEqual([
      'POST /jobs',
      'GET /jobs/1',
      'GET /file/a?signed=1',
      'GET /file/b?signed=1',
      'GET /jobs/1',
      'GET /file/b?signed=2',
    ]);
    const never = await world(manifest(), (request, base) =>
      request.url.startsWith('/file/') ? [403, {}] : handle(request, base),
    );
    expect((await never.read()).error).toMatchObject({ code: 'SOURCE_AUTH_FAILED' });
    expect(count(never.api, 'GET /jobs/1')).toBe(2);
  });

  it('looks at a job every 5 s at first, then after a quarter of its age, at most a minute later', async () => {
    const looks: number[] = [];
    const handle: Handle = ({ method }) => {
      if (method === 'POST') return [201, { id: 1 }];
      looks.push((opened.clock.now - begun) / 1_000);
      return [200, { status: 'pending' }];
    };
    const { opened } = await world(manifest(), handle);
    const begun = opened.clock.now;
    let position = null;
    while (looks.length < 24) {
      const { positions, error } = await readAll(opened, 'reports', { position });
      position = positions.at(-1) ?? null;
      expect(error).toMatchObject({ code: 'SOURCE_NOT_READY', retryable: true });
      opened.clock.now = (error as { retryAt: number }).retryAt;
    }
    expect(looks.slice(0, 6)).toEqual([0, 5, 10, 15, 20, 25]);
    const gaps = looks.slice(1).map((look, index) => look - (looks[index] ?? 0));
    for (const [index, gap] of gaps.entries()) expect(gap).toBeCloseTo(Math.min(60, Math.max(5, (looks[index] ?? 0) / 4)), 2);
    expect(gaps.at(-1)).toBe(60);
  });

  it('ends each job that takes too long, of each slice its own', async () => {
    let created = 0;
    const slices = new Map<string, string>();
    const handle: Handle = ({ method, url, body }, base) => {
      if (url === '/jobs') {
        slices.set(String(++created), (JSON.parse(body) as { of: string }).of);
        return [201, { id: created }];
      }
      if (method === 'POST') return [200, {}];
      const [, job = ''] = /^\/jobs\/(\d+)$/.exec(url) ?? [];
      if (job !== '')
        return [200, { status: Number(job) % 2 === 1 ? 'pending' : 'ready', urls: [`${base}/file/${slices.get(job)}`] }];
      return [200, [{ url }]];
    };
    const { api, opened } = await world(
      manifest({
        polling_job_timeout: 2,
        creation_requester: requester('/jobs', { http_method: 'POST', request_body_json: { of: '{{ stream_partition.of }}' } }),
        abort_requester: requester('/jobs/{{ creation_response.id }}/abort', { http_method: 'POST' }),
        partition_router: { type: 'ListPartitionRouter', cursor_field: 'of', values: ['x', 'y'] },
      }),
      handle,
    );
    const plan = {
      stream: 'reports',
      state: null,
      incremental: false,
      now: new Date(opened.clock.now).toISOString(),
      after: null,
    };
    const records: unknown[] = [];
    for (const slice of (await opened.source.slices(plan)).slices)
      for (let position: Position | null = null, done = false; !done;)
        try {
          const request: Parameters<Source['read']>[0] = {
            stream: 'reports',
            slice,
            position,
            signal: new AbortController().signal,
          };
          for await (const page of opened.source.read(request)) {
            position = page.position;
            records.push(...recordsOf(page));
          }
          done = true;
        } catch (error) {
          expect(error).toMatchObject({ code: 'SOURCE_NOT_READY' });
          opened.clock.now = (error as { retryAt: number }).retryAt;
        }
    expect(records).toEqual([{ url: '/file/x' }, { url: '/file/y' }]);
    expect(api.asked.filter((call) => call.endsWith('/abort'))).toEqual(['POST /jobs/1/abort', 'POST /jobs/3/abort']);
  });
});
