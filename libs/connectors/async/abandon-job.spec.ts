import { afterEach, describe, expect, it } from '@jest/globals';
import { openSource, readAll, startApi, type Api, type Handle } from '../../../test/support/local-api.js';
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

  it('creates no job for a slice that only carries the state of the parents', async () => {
    const parents = {
      type: 'DeclarativeStream',
      name: 'accounts',
      primary_key: 'id',
      schema_loader: { type: 'InlineSchemaLoader', schema: { type: 'object', properties: {} } },
      retriever: {
        type: 'SimpleRetriever',
        requester: requester('/accounts'),
        record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
      },
      incremental_sync: {
        type: 'DatetimeBasedCursor',
        cursor_field: 'changed',
        datetime_format: '%Y-%m-%d',
        start_datetime: '2024-01-01',
      },
    };
    const parent = {
      type: 'ParentStreamConfig',
      parent_key: 'id',
      partition_field: 'account',
      stream: parents,
      incremental_dependency: true,
    };
    const cursor = {
      type: 'DatetimeBasedCursor',
      cursor_field: 'day',
      datetime_format: '%Y-%m-%d',
      start_datetime: '2024-01-01',
    };
    const answers = jobs({}, { '/file/a': [{ day: '2024-02-02' }] });
    const { api, opened, read } = await world(
      manifest(
        { partition_router: { type: 'SubstreamPartitionRouter', parent_stream_configs: [parent] } },
        { incremental_sync: cursor },
      ),
      (request, base) =>
        request.url.startsWith('/accounts') ? [200, [{ id: 7, changed: '2024-03-03' }]] : answers(request, base),
    );
    const { slices } = await opened.source.slices({
      ...{ stream: 'reports', state: null, incremental: true, after: null },
      now: new Date(opened.clock.now).toISOString(),
    });
    const carriers = slices.filter(({ spec }) => spec['m'] !== undefined);
    expect([slices.length, carriers.length]).toEqual([2, 1]);
    const { records, state } = await read();
    expect(records).toHaveLength(1);
    expect(count(api, 'POST /jobs')).toBe(1);
    expect(state).toMatchObject({ parent_state: { accounts: { changed: '2024-03-03' } } });
  });

  describe('gives up', () => {
    const ends = {
      abort_requester: requester("/jobs/{{ creation_response['id'] }}/abort", { http_method: 'POST' }),
      delete_requester: requester("/jobs/{{ creation_response['id'] }}", { http_method: 'DELETE' }),
    };
    const signal = new AbortController().signal;
    async function abandoning(retriever: object, handle: Handle) {
      const made = await world(manifest(retriever), handle);
      const { slices } = await made.opened.source.slices({
        ...{ stream: 'reports', state: null, incremental: false, after: null },
        now: new Date(made.opened.clock.now).toISOString(),
      });
      const [slice] = slices;
      if (slice === undefined) throw new Error('no slice');
      const abandon = await made.opened.source.abandon?.({ stream: 'reports' });
      return { ...made, slice, abandon };
    }

    it('a job that is under way: it is ended and deleted, and who reads on begins a new one', async () => {
      const answers = jobs({ 1: ['pending'], 2: ['ready'] });
      const { api, abandon, slice, read } = await abandoning(ends, (request, base) =>
        request.url.endsWith('/abort') ? [200, {}] : answers(request, base),
      );
      const { positions } = await read();
      const found = abandon?.({ slice, position: positions.at(-1) ?? null, signal });
      expect(api.asked.filter((call) => /abort|DELETE/.test(call))).toEqual([]);
      await found?.end();
      expect(api.asked.slice(-2)).toEqual(['POST /jobs/1/abort', 'DELETE /jobs/1']);
      expect((await read({ position: found?.position ?? null })).records).toHaveLength(2);
      expect(count(api, 'POST /jobs')).toBe(2);
    });

    it('nothing where none is under way, where records were read of it, or where it is over', async () => {
      const files = { '/file/a': [{ n: 1 }], '/file/b': [{ n: 2 }] };
      const { abandon, slice, read } = await abandoning(ends, jobs({}, files));
      const { positions } = await read();
      const found = [null, ...positions].map((position) => (abandon?.({ slice, position, signal }) ?? null) !== null);
      expect(found).toEqual([false, true, ...positions.slice(1).map(() => false)]);
      expect(positions.length).toBeGreaterThan(3);
    });

    it('nothing of a stream whose manifest does not say how', async () => {
      const { abandon } = await abandoning({}, jobs({}));
      expect(abandon).toBeNull();
    });

    it('a job that the source does not end, which it says, and deletes it all the same', async () => {
      const answers = jobs({ 1: ['pending'] });
      const { api, abandon, slice, read } = await abandoning(ends, (request, base) =>
        request.url.endsWith('/abort') ? [403, {}] : answers(request, base),
      );
      const { positions } = await read();
      const found = abandon?.({ slice, position: positions.at(-1) ?? null, signal });
      await expect(found?.end()).rejects.toMatchObject({ code: 'SOURCE_AUTH_FAILED' });
      expect(count(api, 'DELETE /jobs/1')).toBe(1);
    });
  });
});
