import { describe, expect, it } from '@jest/globals';
import { SluiceError } from '../../errors/index.js';
import { compileManifestText } from '../compile-manifest.js';
import { optional, text } from '../manifest/fields.js';
import { scopeOf } from '../source/environment.js';
import { customComponents, plugIn } from './plug-in.js';

const stream = (name: string, more = '', retriever = '', requester = '') => `
  - type: DeclarativeStream
    name: ${name}
    ${more}
    retriever:
      type: SimpleRetriever
      requester: { type: HttpRequester, url_base: "https://example.com", path: /${name}, ${requester} }
      record_selector: { type: RecordSelector, extractor: { type: DpathExtractor, field_path: [] } }
      ${retriever}`;

const manifest = (streams: readonly string[], more = '') => `
version: 6.1.0
type: DeclarativeSource
check: { type: CheckStream, stream_names: [plain] }
streams:${stream('plain')}${streams.join('')}
${more}`;

const custom = (type: string, className: string, more = '') => `{ type: ${type}, class_name: ${className}${more} }`;
const shout = custom('CustomTransformation', 'source_x.components.Shout', ', suffix: "!", $parameters: { ending: "?" }');

const parent = (parentStream: string) => `partition_router:
        type: SubstreamPartitionRouter
        parent_stream_configs:
          - { type: ParentStreamConfig, parent_key: id, partition_field: id, stream: "${parentStream}" }`;

const failure = (source: string, options = {}): SluiceError => {
  try {
    compileManifestText(source, options);
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
  throw new Error('it compiled');
};

const shouting = customComponents([
  plugIn({
    classNames: ['source_x.components.Shout'],
    type: 'CustomTransformation',
    fields: { suffix: text(), ending: optional(text(), '') },
    build:
      ({ suffix, ending }) =>
      (record) => {
        record['name'] = `${String(record['name']).toUpperCase()}${suffix}${ending}`;
      },
  }),
]);

describe('components made of code', () => {
  it('without a plug-in, the streams that need them are unavailable, also by way of their parents', () => {
    const { model } = compileManifestText(
      manifest([
        stream('shouted', `transformations: [${shout}]`),
        stream('child', '', parent('#/streams/1')),
        stream('grandchild', '', parent('#/streams/2')),
        stream('signed', '', '', `authenticator: ${custom('CustomAuthenticator', 'source_x.components.Sign')}`),
        stream('untyped', '', '', 'authenticator: { class_name: source_x.components.Sign }'),
        `\n  - { type: DeclarativeStream, $parameters: { name: own }, retriever: ${custom('CustomRetriever', 'source_x.R')} }`,
      ]),
    );
    expect(model.streams.map(({ name }) => name)).toEqual(['plain']);
    expect(model.unavailable.map(({ name, missing }) => [name, missing.map(({ className }) => className)])).toEqual([
      ['shouted', ['source_x.components.Shout']],
      ['child', ['source_x.components.Shout']],
      ['grandchild', ['source_x.components.Shout']],
      ['signed', ['source_x.components.Sign']],
      ['untyped', ['source_x.components.Sign']],
      ['own', ['source_x.R']],
    ]);
    expect(model.warnings).toEqual([]);
  });

  it('other mistakes in such a stream are still found', () => {
    const source = manifest([stream('shouted', `transformations: [${shout}, { type: AddFields, fields: 1 }]`)]);
    expect(failure(source).errors[0]?.path).toBe('/streams/1/transformations/1/fields');
  });

  it('a plug-in takes the class’s place, with its fields and parameters', () => {
    const { model } = compileManifestText(manifest([stream('shouted', `transformations: [${shout}]`)]), {
      customComponents: shouting,
    });
    const record = { name: 'ada' };
    model.streams[1]?.transformations[0]?.(record, scopeOf({}, 0, null));
    expect(record).toEqual({ name: 'ADA!?' });
  });

  it('a plug-in’s fields are checked like all others, and it stands only where its kind may', () => {
    const options = { customComponents: shouting };
    const wrong = (component: string) => failure(manifest([stream('s', `transformations: [${component}]`)]), options).errors[0];
    expect(wrong(custom('CustomTransformation', 'source_x.components.Shout', ', suffix: [1]'))?.path).toMatch(/0\/suffix$/);
    expect(wrong('{ type: CustomTransformation }')?.message).toContain('class_name');
    expect(wrong(custom('CustomAuthenticator', 'source_x.A'))?.message).toContain('no such component');
    const filter = custom('CustomRecordFilter', 'source_x.components.Shout');
    const place = stream('s').replace('field_path: [] }', `field_path: [] }, record_filter: ${filter}`);
    expect(failure(manifest([place]), options).errors[0]?.message).toContain('known as a CustomTransformation');
  });

  it('code that the configuration itself needs makes every stream unavailable', () => {
    const rules = `config_normalization_rules: { type: ConfigNormalizationRules, transformations: [${custom('CustomConfigTransformation', 'source_x.Config')}] }`;
    const { model } = compileManifestText(
      manifest([], `spec: { type: Spec, connection_specification: { type: object }, ${rules} }`),
    );
    expect(model.streams).toEqual([]);
    expect(model.unavailable).toMatchObject([{ name: 'plain', missing: [{ className: 'source_x.Config' }] }]);
  });

  it('a generator of streams that needs code is listed by its name', () => {
    const resolver = `{ type: HttpComponentsResolver, components_mapping: [], retriever: ${custom('CustomRetriever', 'source_x.R')} }`;
    const { model } = compileManifestText(
      manifest(
        [],
        `dynamic_streams: [{ type: DynamicDeclarativeStream, name: tables, stream_template: {}, components_resolver: ${resolver} }]`,
      ),
    );
    expect(model.unavailable).toEqual([{ name: 'tables', missing: [{ type: 'CustomRetriever', className: 'source_x.R' }] }]);
  });

  it('what ships: members of a channel become records', () => {
    const extractor = custom(
      'CustomRecordExtractor',
      'source_declarative_manifest.components.ChannelMembersExtractor',
      ', field_path: [members]',
    );
    const { model } = compileManifestText(
      manifest([stream('members').replace('{ type: DpathExtractor, field_path: [] }', extractor)]),
    );
    const extract = model.streams[1]?.retriever.selector.extract;
    const found = extract?.({ bodies: () => [{ members: ['U1', 'U2'] }] } as never, scopeOf({}, 0, null));
    expect(found).toEqual({ records: [{ member_id: 'U1' }, { member_id: 'U2' }], count: 2 });
  });
});
