import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../contracts/json.js';
import { openSource, readAll, startApi, type Api } from '../../../test/support/local-api.js';

// What is expected here was measured on Airbyte's CDK 7.39 with the same manifests.

const retriever = (path: string, more: object = {}) => ({
  type: 'SimpleRetriever',
  requester: {
    type: 'HttpRequester',
    url_base: "{{ config['base'] }}",
    path,
    http_method: 'GET',
    request_headers: { 'X-P': "{{ parameters.get('p', '-') }}" },
  },
  record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: [] } },
  ...more,
});
const stream = (name: string, path: string, more: object = {}) => ({
  type: 'DeclarativeStream',
  name,
  primary_key: [],
  schema_loader: { type: 'InlineSchemaLoader', schema: { type: 'object', properties: {} } },
  retriever: retriever(path),
  ...more,
});
const mapping = (path: string[], value: string, more: object = {}) => ({
  ...{ type: 'ComponentMappingDefinition', field_path: path, value },
  ...more,
});
const manifest = (dynamic: object[], more: object = {}) => ({
  ...{ version: '6.5.0', type: 'DeclarativeSource', check: { type: 'CheckDynamicStream', stream_count: 1 } },
  ...{ streams: [stream('fixed', '/fixed')], dynamic_streams: dynamic },
  ...more,
});
const dynamic = (resolver: object, template: object = {}, more: object = {}) => ({
  ...{ type: 'DynamicDeclarativeStream', name: 'dyn', stream_template: stream('tpl', '/none', template) },
  ...{ components_resolver: resolver },
  ...more,
});
const http = (mappings: object[], reading: object = retriever('/tables')) => ({
  type: 'HttpComponentsResolver',
  retriever: reading,
  components_mapping: mappings,
});
const byConfig = (pointers: object, mappings: object[]) => ({
  ...{ type: 'ConfigComponentsResolver', stream_config: pointers, components_mapping: mappings },
});
const parametrized = (parameters: object[], mappings: object[]) => ({
  type: 'ParametrizedComponentsResolver',
  stream_parameters: { type: 'StreamParametersDefinition', list_of_parameters_for_stream: parameters },
  components_mapping: mappings,
});

describe('dynamic streams', () => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });
  async function world(definition: object, config: JsonObject = {}) {
    const api: Api = await startApi(({ url, headers }) => {
      if (url === '/tables')
        return [
          200,
          [
            { id: 't1', name: 'Alpha', num: 5 },
            { id: 't2', name: 'Beta: x', num: 7 },
          ],
        ];
      if (url.startsWith('/group/')) return [200, [{ name: `N${url.slice(7)}` }]];
      return [200, [{ path: url, p: headers['x-p'] }]];
    });
    open.push(api);
    const opened = openSource(definition, api, config);
    open.push(opened);
    return { api, ...opened, read: (name: string) => readAll(opened, name) };
  }
  /** Name → what its one record says: path and parameter. */
  async function made(definition: object, config?: JsonObject): Promise<Record<string, string>> {
    const { source, read } = await world(definition, config);
    const names = (await source.discover()).streams.map(({ name }) => name).filter((name) => name !== 'fixed');
    const found: Record<string, string> = {};
    for (const name of names) {
      const { records, error } = await read(name);
      if (error !== null) throw error as Error;
      found[name] = records.map(({ path, p }) => `${String(path)} ${String(p)}`).join();
    }
    return found;
  }

  it('asks the source which streams it has, once, and not for a stream that the manifest names', async () => {
    const definition = manifest([
      dynamic(
        http([
          mapping(['name'], "{{ components_values['name'] }}"),
          mapping(['retriever', 'requester', 'path'], "/x/{{ components_values['id'] }}/{{ stream_template_config['name'] }}"),
          // Nothing is created here, whatever the mapping says.
          mapping(['retriever', 'requester', 'nothere'], 'z', { create_or_update: true }),
        ]),
      ),
    ]);
    const { api, source, read } = await world(definition);
    expect((await read('fixed')).records).toHaveLength(1);
    expect(api.asked).toEqual(['GET /fixed']);
    expect((await source.discover()).streams.map(({ name }) => name)).toEqual(['fixed', 'Alpha', 'Beta: x']);
    expect((await read('Beta: x')).records).toEqual([{ path: '/x/t2/tpl', p: '-' }]);
    expect(api.asked.filter((call) => call === 'GET /tables')).toHaveLength(1);
    expect((await read('Gamma')).error).toMatchObject({ code: 'UNKNOWN_STREAM' });
    await source.check();
  });

  it('knows where records came from, and fills every place that a pattern names', async () => {
    const partitioned = retriever('/group/{{ stream_partition.gid }}', {
      partition_router: { type: 'ListPartitionRouter', values: ['g1', 'g2'], cursor_field: 'gid' },
    });
    const slices = http(
      [
        mapping(['name'], "{{ components_values['name'] }}_{{ stream_slice['gid'] }}"),
        mapping(['**', 'path'], '/s/{{ stream_slice.gid }}'),
      ],
      partitioned,
    );
    expect(await made(manifest([dynamic(slices)]))).toEqual({ Ng1_g1: '/s/g1 -', Ng2_g2: '/s/g2 -' });
  });

  const reports = {
    reports: [
      { name: 'r1', path: '/one', cond: '', num: '5' },
      { name: 'r2', path: '/two', cond: 'yes', num: '007' },
    ],
    regions: ['eu', 'us'],
  };

  it('makes a stream of each object in the configuration and of each default, reading texts as YAML', async () => {
    const resolver = byConfig(
      {
        type: 'StreamConfig',
        configs_pointer: ['reports'],
        default_values: [{ name: 'more', path: '/d', cond: '1', num: '1' }],
      },
      [
        mapping(['name'], "{{ components_values['name'] }}"),
        mapping(['retriever', 'requester', 'path'], "{{ components_values['path'] }}"),
        mapping(['retriever', 'requester', 'request_parameters'], "{q: a, n: {{ components_values['num'] }}}", {
          ...{ create_or_update: true, condition: "{{ components_values['cond'] }}" },
        }),
      ],
    );
    expect(await made(manifest([dynamic(resolver)]), reports)).toEqual({
      r1: '/one -',
      r2: '/two?q=a&n=7 -',
      more: '/d?q=a&n=1 -',
    });
  });

  it('combines several lists of the configuration', async () => {
    const resolver = byConfig(
      ['reports', 'regions'].map((name) => ({ type: 'StreamConfig', configs_pointer: [name] })),
      [
        mapping(['name'], "{{ components_values['name'] }}_{{ components_values['source_config_1'][1] }}"),
        mapping(
          ['retriever', 'requester', 'path'],
          "{{ components_values['path'] }}/{{ components_values['source_config_1'][0] }}",
        ),
      ],
    );
    expect(await made(manifest([dynamic(resolver)]), reports)).toEqual({
      r1_eu: '/one/0 -',
      r1_us: '/one/1 -',
      r2_eu: '/two/0 -',
      r2_us: '/two/1 -',
    });
  });

  it.each([
    ['parents win by default', { $parameters: { p: 'old' } }, {}, 'new'],
    ['components win where asked for', { $parameters: { p: 'old' } }, { use_parent_parameters: false }, 'old'],
    ['there were none', {}, {}, 'new'],
  ])('hands new parameters down: %s', async (_how, template, more, expected) => {
    const resolver = parametrized(
      [{ name: 'p1', pp: 'new', path: '/p1' }],
      [
        mapping(['name'], "{{ components_values['name'] }}"),
        mapping(['retriever', 'requester', 'path'], "{{ components_values['path'] }}"),
        mapping(['$parameters', 'p'], "{{ components_values['pp'] }}", { create_or_update: true }),
      ],
    );
    expect(await made(manifest([dynamic(resolver, template, more)]))).toEqual({ p1: `/p1 ${expected}` });
  });

  it('refuses two streams of one name, blaming who can change it', async () => {
    const same = [mapping(['name'], 'same')];
    await expect(made(manifest([dynamic(http(same))]))).rejects.toMatchObject({ code: 'SOURCE_BAD_RESPONSE' });
    const resolver = byConfig({ type: 'StreamConfig', configs_pointer: ['regions'] }, same);
    await expect(made(manifest([dynamic(resolver)]), reports)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('has conditional streams only where the configuration says so', async () => {
    const when = (condition: string, ...streams: object[]) => ({ type: 'ConditionalStreams', condition, streams });
    const definition = manifest([], {
      check: { type: 'CheckStream', stream_names: ['s'] },
      streams: [
        when("{{ config['sandbox'] }}", stream('s', '/sand')),
        when("{{ not config['sandbox'] }}", stream('s', '/prod'), stream('q', '/q')),
      ],
    });
    expect(await made(definition, { sandbox: false })).toEqual({ s: '/prod -', q: '/q -' });
    expect(await made(definition, { sandbox: true })).toEqual({ s: '/sand -' });
  });

  it('refuses conditions where Airbyte has none', () => {
    const condition = http([mapping(['name'], 'x', { condition: '{{ true }}' })]);
    expect(() => openSource(manifest([dynamic(condition)]), { base: 'http://127.0.0.1:1' } as Api)).toThrow(
      /only a ConfigComponentsResolver/,
    );
  });
});
