import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { HttpClient } from '../../contracts/http.port.js';
import type { JsonObject } from '../../contracts/json.js';
import type { Position, SourceRecord } from '../../contracts/stream.js';
import { jsonRecords } from '../../json/test-support.js';
import { toSluiceError } from '../../errors/index.js';
import { compileManifestText } from '../compile-manifest.js';
import { createDeclarativeSource } from '../declarative-source.js';

const STATE_CURSOR = {
  type: 'DatetimeBasedCursor',
  cursor_field: 'at',
  datetime_format: '%Y-%m-%dT%H:%M:%SZ',
  start_datetime: '2020-01-01T00:00:00Z',
};
const paginated = (cursorValue: string): JsonObject => ({
  type: 'DefaultPaginator',
  pagination_strategy: { type: 'CursorPagination', cursor_value: cursorValue },
  page_token_option: { type: 'RequestOption', inject_into: 'request_parameter', field_name: 'token' },
});

/** Reads a stream whose answers are these texts, in turn. */
async function read(
  parts: { retriever?: JsonObject; selector?: JsonObject; stream?: JsonObject },
  texts: readonly string[],
  json: boolean,
) {
  const manifest = {
    type: 'DeclarativeSource',
    check: { type: 'CheckStream', stream_names: ['items'] },
    streams: [
      {
        ...{ type: 'DeclarativeStream', name: 'items', ...parts.stream },
        retriever: {
          type: 'SimpleRetriever',
          requester: { type: 'HttpRequester', url_base: 'https://api.test', path: '/items' },
          record_selector: {
            type: 'RecordSelector',
            extractor: { type: 'DpathExtractor', field_path: ['data'] },
            ...parts.selector,
          },
          ...parts.retriever,
        },
      },
    ],
    spec: { type: 'Spec', connection_specification: { type: 'object' } },
  };
  const asked: string[] = [];
  const http: HttpClient = {
    send({ url }) {
      const body = Buffer.from(texts[Math.min(asked.push(url), texts.length) - 1] ?? '{}');
      return Promise.resolve({ status: 200, headers: {}, body, url, bytes: body.length });
    },
  };
  const { model } = compileManifestText(JSON.stringify(manifest));
  const source = createDeclarativeSource({ model, config: {}, http, now: () => Date.UTC(2026, 0, 9) });
  const [slice] = (
    await source.slices({ stream: 'items', state: null, now: '2026-01-09T00:00:00Z', incremental: true, after: null })
  ).slices;
  if (slice === undefined) throw new Error('no slice');
  const [records, positions, formats]: [SourceRecord[], (Position | null)[], string[]] = [[], [], []];
  let failure: unknown = null;
  try {
    const { signal } = new AbortController();
    for await (const page of source.read({ stream: 'items', slice, position: null, signal, json })) {
      if (page.format === 'json') records.push(...page.rows.records());
      else if (page.format === 'records') records.push(...page.records);
      positions.push(page.position);
      formats.push(page.format);
      if (positions.length === 5) break;
    }
  } catch (error) {
    failure = toSluiceError(error).code;
  }
  return { seen: { asked, records, positions, failure }, formats };
}

describe('pages of JSON', () => {
  it.each([
    ['a token beside the list', '{{ response.next }}'],
    ['a token in the last record', '{{ last_record.id }}'],
    ['a token made of the list', "{{ response.data | length }}-{{ response['data'][-1]['id'] }}"],
    ['a token that counts', '{{ last_page_size }}'],
  ])('are the same pages, asked for in the same way: %s', async (_, token) => {
    const parts = { retriever: { paginator: paginated(token) }, stream: { incremental_sync: STATE_CURSOR } };
    await fc.assert(
      fc.asyncProperty(fc.array(jsonRecords, { minLength: 1, maxLength: 3 }), async (pages) => {
        const texts = pages.map((page, n) => `{"next":"t${n}","data":[${page.join(',')}],"more":{"data":1}}`);
        const [plain, raw] = [await read(parts, texts, false), await read(parts, texts, true)];
        expect(raw.seen).toEqual(plain.seen);
      }),
      { numRuns: 25 },
    );
  });

  const text = '{"data":[{"id":1,"at":"2026-01-02T00:00:00Z"}]}';
  it('are given where nothing looks at the records', async () => {
    expect((await read({}, [text], true)).formats).toEqual(['json']);
    expect((await read({ stream: { incremental_sync: STATE_CURSOR } }, [text], true)).formats).toEqual(['json']);
    expect((await read({}, [text], false)).formats).toEqual(['records']);
  });

  it.each([
    ['a filter', { selector: { record_filter: { type: 'RecordFilter', condition: '{{ record.id > 0 }}' } } }],
    ['a cast', { selector: { schema_normalization: 'Default' } }],
    ['a transformation', { stream: { transformations: [{ type: 'RemoveFields', field_pointers: [['x']] }] } }],
    ['a pattern in the path', { selector: { extractor: { type: 'DpathExtractor', field_path: ['data', '*'] } } }],
    ['another format', { retriever: { decoder: { type: 'JsonlDecoder' } } }],
    ['a cursor that drops records', { stream: { incremental_sync: { ...STATE_CURSOR, is_client_side_incremental: true } } }],
  ])('are not given where there is %s', async (_, parts) => {
    const { seen, formats } = await read(parts, [text], true);
    expect(new Set(formats)).toEqual(new Set(['records']));
    expect(seen).toEqual((await read(parts, [text], false)).seen);
  });

  it.each(['{"data":[{"id":1},2]}', '{"data":[{"id":1}', '{"data":{"id":1}}', '[]', '', '{"data":[{"a":1,"a":2}]}'])(
    'are left to the parser where the answer is %j',
    async (answer) => {
      const [raw, plain] = await Promise.all([read({}, [answer], true), read({}, [answer], false)]);
      expect(raw.seen).toEqual(plain.seen);
    },
  );
});
