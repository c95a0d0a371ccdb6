import { describe, expect, it } from '@jest/globals';
import { SluiceError } from '../errors/index.js';
import { compileManifest, compileManifestText } from './compile-manifest.js';

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
      'an unknown field',
      'field_path: [data]',
      'field_paths: [data]',
      '/streams/0/retriever/record_selector/extractor/field_paths',
      '24:',
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
    ['a check of a stream that is not there', 'stream_names: [items]', 'stream_names: [orders]', '/check/stream_names', '4:'],
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
    const all = error.errors.map(({ path, allowed }) => [path, allowed?.slice(0, 2)]);
    expect(all).toEqual([
      ['/definitions/requester/http_method', ['GET', 'POST']],
      ['/streams/0/retriever/record_selector/extractor', ['field_path']],
    ]);
  });

  it('tells what is not covered from what does not exist', () => {
    const replaced = MANIFEST.replace('path: /none', 'authenticator: { type: OAuthAuthenticator }');
    const error = failure(replaced);
    expect([error.code, error.errors[0]?.found]).toEqual(['MANIFEST_UNSUPPORTED', 'OAuthAuthenticator']);
    expect(failure(MANIFEST.replace('primary_key: [id]', 'state_migrations: [{ type: X }]')).code).toBe('MANIFEST_UNSUPPORTED');
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
