import { describe, expect, it } from '@jest/globals';
import { SluiceError } from '../../errors/index.js';
import { compileManifest, compileManifestText } from '../compile-manifest.js';

/** Generous: these end within a second; without bounds they would not end at all. */
const LIMIT_MS = 8_000;

const manifest = (parts: { retriever?: string; stream?: string; definitions?: string; spec?: string } = {}): string => `
version: 6.1.0
type: DeclarativeSource
check: { type: CheckStream, stream_names: [things] }
definitions: ${parts.definitions ?? '{}'}
streams:
  - type: DeclarativeStream
    name: things
    ${parts.stream ?? ''}
    retriever:
      type: SimpleRetriever
      requester: { type: HttpRequester, url_base: "https://example.com", path: /things }
      record_selector: { type: RecordSelector, extractor: { type: DpathExtractor, field_path: [] } }
      ${parts.retriever ?? ''}
    schema_loader: { type: InlineSchemaLoader, schema: { type: object } }
${parts.spec ?? ''}
`;

/** What compiling ends with, which has to be soon. */
function outcome(run: () => unknown): string {
  const begun = performance.now();
  try {
    run();
    return 'accepted';
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return `${error.code} ${error.errors[0]?.path ?? ''} ${error.errors[0]?.message ?? ''}`;
  } finally {
    expect(performance.now() - begun).toBeLessThan(LIMIT_MS);
  }
}
const text = (source: string): string => outcome(() => compileManifestText(source));

/** Ten of the one below, again and again. */
const laughs = (levels: number, reference: (level: number) => string, anchor = (_level: number) => ''): string =>
  `{ l0: ${anchor(0)} [x, x, x, x, x, x, x, x, x, x]${Array.from(
    { length: levels },
    (_, level) => `, l${level + 1}: ${anchor(level + 1)} [${Array<string>(10).fill(reference(level)).join(', ')}]`,
  ).join('')} }`;

describe('hostile manifests end soon, with a typed error', () => {
  it.each([
    ['brackets', `a: ${'['.repeat(1_000_000)}`],
    ['closed brackets', `a: ${'['.repeat(5_000)}${']'.repeat(5_000)}`],
    ['braces', `{"a":`.repeat(100_000)],
    ['lists in lists', `${'- '.repeat(200_000)}a`],
    ['indentation', Array.from({ length: 2_800 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('nesting: %s', (_name, source) => {
    expect(text(source)).toMatch(/^MANIFEST_INVALID {2}the manifest is nested too deep/);
  });

  it('nesting, as JSON that was parsed already', () => {
    const deep = JSON.parse(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`) as unknown;
    expect(outcome(() => compileManifest({ version: '1', deep }))).toMatch(/^MANIFEST_INVALID .*deeper than 200 levels/);
  });

  it('nesting by references', () => {
    const chain = Array.from({ length: 1_000 }, (_, index) => `d${index}: { a: "#/definitions/d${index + 1}" }`).join(', ');
    const definitions = `{ ${chain}, d1000: {} }`;
    expect(text(manifest({ definitions, stream: 'more: "#/definitions/d0"' }))).toMatch(/deeper than 200 levels/);
  });

  it('aliases of aliases', () => {
    const definitions = laughs(
      9,
      (level) => `*l${level}`,
      (level) => `&l${level}`,
    );
    expect(text(manifest({ definitions }))).toMatch(/^MANIFEST_INVALID/);
  });

  it('references to references, in a component, in a schema, and in what nobody looks at', () => {
    const definitions = laughs(12, (level) => `"#/definitions/l${level}"`);
    const many = /^MANIFEST_INVALID .*unfolds to more than/;
    expect(text(manifest({ definitions, stream: 'transformations: "#/definitions/l12"' }))).toMatch(many);
    expect(text(manifest({ definitions, stream: 'more: "#/definitions/l12"' }))).toMatch(many);
    const spec = 'spec: { type: Spec, connection_specification: { type: object, examples: "#/definitions/l12" } }';
    expect(text(manifest({ definitions, spec }))).toMatch(many);
    expect(text(manifest({ definitions }))).toBe('accepted');
  });

  it('a large part that is referred to often', () => {
    const definitions = `{ big: "${'x'.repeat(1_000_000)}" }`;
    const stream = `more: [${Array<string>(1_000).fill('"#/definitions/big"').join(', ')}]`;
    expect(text(manifest({ definitions, stream }))).toMatch(/unfolds to more than 32000000 characters/);
  });

  it('references in circles', () => {
    const definitions = '{ a: { b: "#/definitions/c" }, c: { $ref: "#/definitions/a" }, d: "#/definitions/d" }';
    expect(text(manifest({ definitions, stream: 'more: "#/definitions/a"' }))).toMatch(/back to itself/);
    expect(text(manifest({ definitions, stream: 'more: "#/definitions/d"' }))).toMatch(/back to itself/);
    expect(text(manifest({ definitions, stream: 'more: { $ref: "#/definitions" }' }))).toMatch(/back to itself/);
  });

  it('parameters that fill each other', () => {
    // Every handler takes `error_handlers` from a parameter, which holds handlers without, and so on.
    const names = Array.from({ length: 10 }, (_, index) => `p${index}`);
    const parameters = names.map((name) => `${name}: { type: CompositeErrorHandler }`).join(', ');
    const handlers = Array<string>(30).fill('{ type: CompositeErrorHandler }').join(', ');
    const nested = `error_handlers: [${handlers}]`;
    const source = manifest({
      stream: `$parameters: { ${parameters}, ${nested}, error_handler: { type: CompositeErrorHandler } }`,
    });
    expect(text(source)).toMatch(/^(MANIFEST_INVALID|accepted)/);
  });

  it('many components with many parameters each', () => {
    const parameters = Array.from({ length: 2_000 }, (_, index) => `p${index}: 1`).join(', ');
    const filters = Array<string>(5_000).fill('{ type: RemoveFields, field_pointers: [], $parameters: { a: 1 } }').join(', ');
    const stream = `$parameters: { ${parameters} }\n    transformations: [${filters}]`;
    expect(text(manifest({ stream }))).toMatch(/^MANIFEST_INVALID .*multiply components without bound/);
  });

  it('wide maps, equal keys and long lists', () => {
    const wide = `{ ${Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join(', ')} }`;
    expect(text(manifest({ definitions: wide }))).toBe('accepted');
    const long = `[${Array<string>(150_000).fill('x').join(', ')}]`;
    expect(text(manifest({ definitions: `{ a: ${long} }` }))).toBe('accepted');
    expect(text(`a: [${Array<string>(2_000_000).fill('1').join(',')}]`)).toMatch(/^MANIFEST_INVALID/);
    expect(text(`a: "${'x'.repeat(5 * 1024 * 1024)}"`)).toMatch(/larger than/);
  });

  it('many anchors', () => {
    const anchors = Array.from({ length: 20_000 }, (_, index) => `&a${index} x, *a${index}`).join(', ');
    expect(text(manifest({ definitions: `{ a: [${anchors}] }` }))).toMatch(/anchors and aliases/);
  });

  it('keys that name a prototype change nothing', () => {
    expect(text(manifest({ definitions: '{ __proto__: { polluted: true } }' }))).toMatch(/cannot be called __proto__/);
    const parsed = JSON.parse('{"version": "1", "definitions": {"__proto__": {"polluted": true}}}') as unknown;
    expect(outcome(() => compileManifest(parsed))).toMatch(/cannot be called __proto__/);
    for (const key of ['constructor', 'prototype', 'toString', 'hasOwnProperty'])
      expect(text(manifest({ stream: `${key}: { prototype: { polluted: true } }` }))).toBe('accepted');
    expect(text(manifest({ stream: 'more: "#/constructor/prototype"' }))).toMatch(/names nothing/);
    expect(text(manifest({ retriever: 'paginator: { type: constructor }' }))).toMatch(/no such component/);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('templates that do not compile are named with their place, when the manifest is added', () => {
    const stream = `transformations: [{ type: AddFields, fields: [{ path: [a], value: "${'{{ ('.repeat(2_000)}" }] }]`;
    expect(text(manifest({ stream }))).toMatch(/^MANIFEST_\w+ \/streams\/0\/transformations\/0\/fields\/0\/value template, /);
  });

  it('patterns that backtrack without end, are huge, or are none', () => {
    const spec = (pattern: string) =>
      manifest({
        spec: `spec: { type: Spec, connection_specification: { type: object, properties: { a: { type: string, pattern: ${JSON.stringify(pattern)} } } } }`,
      });
    expect(text(spec('('))).toBe('accepted');
    expect(text(spec(`(${'a?'.repeat(20_000)})`))).toMatch(/^MANIFEST_INVALID .*pattern is too long/);
    expect(text(spec('^(a+)+$'))).toBe('accepted');
  });

  it('a thousand mistakes are reported as fifty', () => {
    const broken = Array<string>(1_000).fill('{ type: AddFields, fields: 1 }').join(', ');
    const run = () => compileManifestText(manifest({ stream: `transformations: [${broken}]` }));
    expect(run).toThrow(SluiceError);
    try {
      run();
    } catch (error) {
      expect((error as SluiceError).errors).toHaveLength(50);
    }
  });
});
