import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createGzip, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { openSource, readAll, startApi, type Handle } from '../../../test/support/local-api.js';
import type { Position } from '../../contracts/stream.js';
import { recordsOf } from '../../pipeline/index.js';
import { manifest } from './test-support.js';

const ROWS = 300_000;
const FILLER = 'x'.repeat(400);

/** Some 125 MB, made while they are sent: nobody holds them. */
function* csvText(rows = ROWS): Generator<string> {
  yield 'id,name,filler\n';
  for (let from = 0; from < rows; from += 500)
    yield Array.from({ length: Math.min(500, rows - from) }, (_, index) => `${from + index},"n ""${index}""",${FILLER}\n`).join(
      '',
    );
}
function* jsonLines(rows = ROWS): Generator<string> {
  for (let from = 0; from < rows; from += 500)
    yield Array.from({ length: 500 }, (_, index) => `{"id":${from + index},"name":"n","filler":"${FILLER}"}\n`).join('');
}

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;
/** What is alive, in MB. */
function alive(): number {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

describe('downloads of jobs', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  /** One job, done at once; `file` answers its download. */
  async function world(retriever: object, file: () => ReturnType<Handle>, stream: object = {}) {
    const api = await startApi(({ method, url }, base) => {
      if (method === 'POST') return [201, { id: 'j' }];
      if (url === '/jobs/j') return [200, { status: 'ready', urls: [`${base}/file`] }];
      return file();
    });
    const opened = openSource(manifest(retriever, stream), api);
    open.push(api, opened);
    const slice = async () => {
      const plan = { stream: 'reports', state: null, incremental: true, now: '2024-06-01T00:00:00Z', after: null };
      const [first] = (await opened.source.slices(plan)).slices;
      if (first === undefined) throw new Error('no slice');
      return first;
    };
    return { api, opened, slice, read: (position: Position | null = null) => readAll(opened, 'reports', { position }) };
  }
  const csv = { download_decoder: { type: 'CsvDecoder' } };

  it.each<[string, object, () => Readable]>([
    ['CSV', csv, () => Readable.from(csvText())],
    ['a CSV file', { download_extractor: { type: 'ResponseToFileExtractor' } }, () => Readable.from(csvText())],
    [
      'JSON lines in gzip',
      { download_decoder: { type: 'GzipDecoder', decoder: { type: 'JsonlDecoder' } } },
      () => Readable.from(jsonLines()).pipe(createGzip({ level: 1 })),
    ],
  ])(
    'are read as %s of any size with little memory',
    async (_name, retriever, body) => {
      const { opened, slice } = await world(retriever, () => [200, body()]);
      const before = alive();
      let [pages, rows, sum, bytes, most] = [0, 0, 0, 0, 0];
      const request = { stream: 'reports', slice: await slice(), position: null, signal: new AbortController().signal };
      for await (const page of opened.source.read(request)) {
        const records = recordsOf(page);
        rows += records.length;
        for (const { id } of records) sum += Number(id);
        bytes += page.bytes;
        if (++pages % 40 === 0) most = Math.max(most, alive());
      }
      expect([rows, sum]).toEqual([ROWS, (ROWS * (ROWS - 1)) / 2]);
      expect(bytes).toBeGreaterThan(ROWS * 400);
      expect(pages).toBeGreaterThan(100);
      expect(most).toBeGreaterThan(0);
      // The whole is 120 MB as bytes and more as records.
      expect(most - before).toBeLessThan(40);
    },
    60_000,
  );

  it('go on at any page: downloaded again, compared, and skipped', async () => {
    const text = [...csvText(9_000)].join('');
    for (const body of [text, gzipSync(text, { level: 1 })]) {
      const decoder = { type: 'GzipDecoder', decoder: { type: 'CsvDecoder' } };
      const { read } = await world({ download_decoder: decoder }, () => [200, Readable.from([Buffer.from(body)])]);
      const all = await read();
      expect(all.records).toHaveLength(9_000);
      const inside = all.positions.filter((position) => JSON.stringify(position).includes('"c"'));
      expect(inside.length).toBeGreaterThan(1);
      for (const position of inside) {
        const { records, error } = await read(position);
        expect(error).toBeNull();
        expect(Number(records[0]?.['id'])).toBeGreaterThan(1_000);
        expect(records).toEqual(all.records.slice(-records.length));
        expect(Number(records[0]?.['id']) + records.length).toBe(9_000);
      }
    }
  });

  it('refuse a position where the result is another one, or ends before it', async () => {
    const rows = [...csvText(9_000)].join('');
    let body = rows;
    const { read } = await world(csv, () => [200, Readable.from([Buffer.from(body)])]);
    const positions = (await read()).positions;
    const inside = positions.find((position) => JSON.stringify(position).includes('"c"')) ?? null;
    expect(inside).not.toBeNull();
    for (body of [rows.replace('\n17,', '\n18,'), rows.slice(0, 100_000), rows.slice(0, 1_000)]) {
      const { records, error } = await read(inside);
      expect(error).toMatchObject({ code: 'POSITION_REFUSED' });
      expect(records).toEqual([]);
    }
    // What comes behind may differ: none of it was read.
    body = `${rows}9000,new,x\n`;
    expect((await read(inside)).records.at(-1)).toEqual({ id: '9000', name: 'new', filler: 'x' });
  });

  it('keep what was read when they break off, and go on from there', async () => {
    let breaks = true;
    const text = [...csvText(9_000)];
    const half = async function* () {
      yield* text.slice(0, 12).map((piece) => Buffer.from(piece));
      if (!breaks) return void (yield* text.slice(12).map((piece) => Buffer.from(piece)));
      await new Promise((resolve) => setTimeout(resolve, 50));
      throw new Error('the connection is cut');
    };
    const { read } = await world(csv, () => [200, Readable.from(half())]);
    const first = await read();
    expect(first.error).toMatchObject({ code: 'SOURCE_UNREACHABLE', retryable: true });
    expect(first.records.length).toBeGreaterThan(1_000);
    breaks = false;
    const second = await read(first.positions.at(-1) ?? null);
    expect([...first.records, ...second.records].map(({ id }) => Number(id))).toEqual(
      Array.from({ length: 9_000 }, (_, id) => id),
    );
  });

  it('show a broken row without quoting it, and an error in a small answer to the error handler', async () => {
    const lines = { download_decoder: { type: 'JsonlDecoder' } };
    const broken = `${[...jsonLines(500)].join('')}{"secret": no\n`;
    const { error } = await (await world(lines, () => [200, Readable.from([Buffer.from(broken)])])).read();
    expect(error).toMatchObject({ code: 'SOURCE_BAD_RESPONSE' });
    expect(JSON.stringify(error)).not.toContain('secret');
    const says = {
      type: 'HttpResponseFilter',
      action: 'FAIL',
      predicate: "{{ 'sorry' in response }}",
      error_message: 'it is sorry',
    };
    const handler = { type: 'DefaultErrorHandler', response_filters: [says] };
    const requester = { type: 'HttpRequester', url_base: '{{ download_target }}', http_method: 'GET', error_handler: handler };
    const sorry = await world({ ...csv, download_requester: requester }, () => [200, { sorry: true }]);
    expect((await sorry.read()).error).toMatchObject({ detail: expect.stringContaining('it is sorry') });
  });
});
