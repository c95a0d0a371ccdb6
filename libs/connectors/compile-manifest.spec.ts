import { describe, expect, it } from '@jest/globals';
import { SluiceError } from '../errors/index.js';
import { compileManifest, compileManifestText } from './compile-manifest.js';
import { scopeOf } from './source/environment.js';

const MANIFEST = `
version: 6.1.0
type: DeclarativeSource
check: { type: CheckStream, stream_names: [items] }
definitions:
  requester:
    type: HttpRequester
    url_base: https://api.example.com
    path: /none
  paginator:
    type: DefaultPaginator
    page_token_option: { type: RequestOption, inject_into: request_parameter, field_name: cursor }
    pagination_strategy:
      type: CursorPagination
      cursor_value: "{{ response.next }}"
streams:
  - type: DeclarativeStream
    name: items
    primary_key: [id]
    $parameters: { path: /items }
    retriever:
      type: SimpleRetriever
      requester: { $ref: '#/definitions/requester', path: /items }
      record_selector: { type: RecordSelector, extractor: { type: DpathExtractor, field_path: [data] } }
      paginator: '#/definitions/paginator'
    schema_loader: { type: InlineSchemaLoader, schema: { type: object, properties: { id: { type: integer } } } }
spec:
  type: Spec
  connection_specification: { type: object, properties: { key: { type: string, airbyte_secret: true } } }
`;

const failure = (text: string): SluiceError => {
  try {
    compileManifestText(text);
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
  throw new Error('it compiled');
};

describe('compileManifest', () => {
  it('compiles references with overrides, texts that are references, and parameters', () => {
    const { model, document } = compileManifestText(MANIFEST);
    expect(model.streams.map(({ name, primaryKey }) => [name, primaryKey])).toEqual([['items', [['id']]]]);
    expect(model.streams[0]?.retriever.requester.label).toBe('GET /items');
    expect(model.streams[0]?.retriever.paginator.resume).toBe('exact');
    expect(compileManifest(document).streams).toHaveLength(1);
  });

  it.each([
    ['a wrong type', 'field_name: cursor', 'field_name: [cursor]', '/definitions/paginator/page_token_option/field_name', '12:'],
    [
      'an unknown component',
      'type: CursorPagination',
      'type: CursorPaginator',
      '/definitions/paginator/pagination_strategy/type',
      '14:',
    ],
    [
      'a value that is not allowed',
      'inject_into: request_parameter',
      'inject_into: query',
      '/definitions/paginator/page_token_option/inject_into',
      '12:',
    ],
    [
      'a broken template',
      '{{ response.next }}',
      '{{ response.next',
      '/definitions/paginator/pagination_strategy/cursor_value',
      '15:',
    ],
    [
      'a required field that is missing',
      'field_path: [data]',
      'field_paths: [data]',
      '/streams/0/retriever/record_selector/extractor',
      '24:',
    ],
    [
      'a specification that is no schema',
      'type: object, properties: { key',
      'type: thing, properties: { key',
      '/spec/connection_specification',
      '',
    ],
  ])('names path, found and allowed for %s', (_what, from, to, path, line) => {
    expect(MANIFEST).toContain(from);
    const error = failure(MANIFEST.replace(from, to));
    expect(error.code).toBe('MANIFEST_INVALID');
    const found = error.errors.find((one) => one.path === path);
    expect(found?.message).toContain(line === '' ? '' : `(line ${line}`);
    expect(error.detail).toContain(error.errors[0]?.message ?? 'nothing');
  });

  it('reports every problem at once, with what would be allowed', () => {
    const error = failure(
      MANIFEST.replace('field_path: [data]', '').replace('url_base: https://api.example.com', 'http_method: FETCH'),
    );
    const all = error.errors.map(({ path, allowed }) => [path, allowed?.slice(0, path.endsWith('extractor') ? 1 : 2)]);
    expect(all).toEqual([
      ['/definitions/requester/http_method', ['GET', 'POST']],
      ['/streams/0/retriever/record_selector/extractor', ['field_path']],
    ]);
  });

  it('accepts fields that Airbyte ignores, and warns of them with what was probably meant', () => {
    const text = MANIFEST.replace('primary_key: [id]', 'primary_keys: [id]')
      .replace('path: /none', 'path: /none\n    request_params: { a: b }\n    colour: red')
      .replace('check: {', 'check: { streamNames: [],')
      .replace('stream_names: [items]', 'stream_names: [orders]');
    const { model } = compileManifestText(text);
    expect(model.warnings.map(({ path, message }) => [path, message.replace(/ \(line .*/, '')])).toEqual([
      ['/check/streamNames', 'CheckStream has no field "streamNames"; it has no effect: did you mean "stream_names"?'],
      ['/streams/0/primary_keys', 'DeclarativeStream has no field "primary_keys"; it has no effect: did you mean "primary_key"?'],
      [
        '/definitions/requester/request_params',
        'HttpRequester has no field "request_params"; it has no effect: did you mean "request_parameters"?',
      ],
      ['/definitions/requester/colour', 'HttpRequester has no field "colour"; it has no effect'],
      ['/check/stream_names', 'there is no such stream: a check will fail'],
    ]);
    expect(compileManifestText(MANIFEST).model.warnings).toEqual([]);
  });

  it('fills types and parameters in as Airbyte does', () => {
    const { model } = compileManifestText(`
version: 6.1.0
check: { stream_names: [a] }
definitions:
  a/b: { url_base: 'https://example.com' }
  requester: { $ref: '#/definitions/a/b', path: '', http_method: '#/definitions/my method' }
  my method: POST
streams:
  - $parameters: { name: a, path: /from-parameters, primary_key: id }
    primary_key: []
    retriever:
      requester: '#/definitions/requester'
      record_selector: { extractor: { field_path: [] } }
  - name: a
    $parameters: { name: other, path: /outer }
    retriever:
      $parameters: { path: /inner }
      requester: '#/definitions/requester'
      record_selector: { extractor: { field_path: [] } }
  - name: b
    retriever: { requester: { $ref: '#/streams/0/retriever/requester', path: /b }, record_selector: { extractor: { field_path: [] } } }
`);
    expect(model.streams.map(({ name, primaryKey, retriever }) => [name, primaryKey, retriever.requester.label])).toEqual([
      ['a', [], 'POST /inner'],
      ['b', [], 'POST /b'],
    ]);
    expect(model.warnings.map(({ path, found }) => [path, found])).toEqual([['/streams/0', 'a']]);
  });

  it('tells what is not covered from what does not exist', () => {
    const refused = (filter: string): unknown[] => {
      const { code, errors } = failure(MANIFEST.replace('field_path: [data]', `field_path: ["{{ config.a | ${filter} }}"]`));
      return [code, ...errors.map(({ path }) => path)];
    };
    const path = '/streams/0/retriever/record_selector/extractor/field_path/0';
    expect(refused('urlize')).toEqual(['MANIFEST_UNSUPPORTED', path]);
    expect(refused('urlise')).toEqual(['MANIFEST_INVALID', path]);
  });

  // Measured on the wire: Airbyte takes whatever has a type for a component.
  it('parameters are written into JSON bodies that have a type', () => {
    const bodyOf = (body: string): unknown => {
      const { model } = compileManifestText(`
version: 6.1.0
check: { stream_names: [s] }
streams:
  - name: s
    $parameters: { region: eu }
    retriever:
      requester: { url_base: 'https://example.com', path: /p, http_method: POST, request_body_json: ${body} }
      record_selector: { extractor: { field_path: [] } }
`);
      const draft = model.streams[0]?.retriever.requester.compose(scopeOf({}, 0, null), null);
      return JSON.parse(String(draft?.finish().body));
    };
    const added = { region: 'eu', $parameters: { region: 'eu' } };
    expect(bodyOf('{ type: report, inner: { type: x }, list: [{ type: y }], plain: { a: 1 } }')).toEqual({
      ...{ type: 'report', inner: { type: 'x', ...added }, list: [{ type: 'y', ...added }], plain: { a: 1 }, ...added },
    });
    expect(bodyOf('{ inner: { type: x }, list: [{ type: y }] }')).toEqual({
      inner: { type: 'x', ...added },
      list: [{ type: 'y' }],
    });
  });

  it('refuses references that lead nowhere or in circles, broken YAML, and other documents', () => {
    expect(failure(MANIFEST.replace("'#/definitions/paginator'", "'#/definitions/nothing'")).errors[0]).toMatchObject({
      found: '#/definitions/nothing',
    });
    const circle = MANIFEST.replace('url_base: https://api.example.com', "url_base: '#/definitions/requester/url_base'");
    expect(failure(circle).detail).toContain('back to itself');
    expect(failure('a: [1').errors[0]?.message).toMatch(/line 1:/);
    expect(failure('- a').code).toBe('MANIFEST_INVALID');
    expect(failure('type: Other').code).toBe('MANIFEST_INVALID');
  });
});
