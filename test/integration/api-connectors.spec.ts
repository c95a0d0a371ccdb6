import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startApiWorld, type ApiWorld } from '../support/api-world.js';
import type { ApiClient } from '../support/api-client.js';

let world: ApiWorld;
let client: ApiClient;
beforeAll(async () => {
  world = await startApiWorld();
  client = world.client;
});
afterAll(() => world?.stop());

const yaml = { 'content-type': 'application/yaml' };

const stream = (name: string, more = '') => `
  - type: DeclarativeStream
    name: ${name}
    primary_key: [id]
    retriever:
      type: SimpleRetriever
      requester: { type: HttpRequester, url_base: "https://example.com", path: /${name} }
      record_selector: { type: RecordSelector, extractor: { type: DpathExtractor, field_path: [] } }
    schema_loader: { type: InlineSchemaLoader, schema: { type: object, properties: { id: { type: integer } } } }${more}`;

const manifest = (streams: readonly string[], spec = 'properties: {}') => `
version: 6.1.0
type: DeclarativeSource
check: { type: CheckStream, stream_names: [things] }
streams:${streams.join('')}
spec: { type: Spec, connection_specification: { type: object, ${spec} } }
`;

const CUSTOM = `
    transformations: [{ type: CustomTransformation, class_name: source_things.components.Mangle }]`;

const add = (name: string, text: string, query = '') => client.post(`/v1/connectors?name=${name}${query}`, text, yaml);

test('the version is the content: the same again is answered with 200, another with 201, and old ones stay', async () => {
  const first = await add('versions', manifest([stream('things')]));
  expect(first).toMatchObject({ status: 201, body: { outcome: 'created', dry_run: false, warnings: [] } });
  expect(first.body.changes).toMatchObject({ streams_added: ['things'], syncs: [], complete: true });
  const again = await add(
    'versions',
    manifest([stream('things')])
      .replace('version: 6.1.0\n', '')
      .concat('version: 6.1.0\n'),
  );
  expect(again).toMatchObject({ status: 200, body: { outcome: 'unchanged', version: first.body.version } });
  const other = await add('versions', manifest([stream('things'), stream('others')]));
  expect(other).toMatchObject({ status: 201, body: { outcome: 'updated', changes: { streams_added: ['others'] } } });
  const back = await add('versions', manifest([stream('things')]));
  expect(back).toMatchObject({ status: 201, body: { version: first.body.version, changes: { streams_removed: ['others'] } } });
  const versions = (await client.get('/v1/connectors/versions')).body['versions'] as { version: string; current: boolean }[];
  expect(versions.map((one) => [one.version, one.current])).toEqual([
    [other.body.version, false],
    [first.body.version, true],
  ]);
});

test('a stray field is accepted with a warning that names its path and what was probably meant', async () => {
  const answer = await add('stray', manifest([stream('things')]).replace('primary_key: [id]', 'primary_keys: [id]'));
  expect(answer).toMatchObject({
    status: 201,
    body: { warnings: [{ path: '/streams/0/primary_keys', message: expect.stringContaining('did you mean "primary_key"') }] },
  });
  expect((await client.get('/v1/connectors/stray')).body.warnings).toHaveLength(1);
});

test('streams that need code which is not here are listed, and a sync that selects one gets 422', async () => {
  const added = await add('code', manifest([stream('things'), stream('mangled', CUSTOM)]));
  expect(added.body).toMatchObject({
    streams: expect.arrayContaining(['things', 'mangled']),
    unavailable: [
      { stream: 'mangled', missing: [{ type: 'CustomTransformation', class_name: 'source_things.components.Mangle' }] },
    ],
  });
  const create = async (name: string, connector: string, config: unknown) =>
    (await client.post('/v1/connections', { name, connector, config })).body.id;
  const source = await create('code', 'code', {});
  const destination = await create('code warehouse', 'postgres', world.warehouseConfig);
  const streams = (await client.get(`/v1/connections/${String(source)}/streams`)).body.data;
  expect(streams.map(({ name, unavailable }) => [name, unavailable === null])).toEqual([
    ['things', true],
    ['mangled', false],
  ]);
  const sync = (names: string[]) => ({
    ...{ name: names.join(), source_id: source, destination_id: destination, namespace: 'code' },
    streams: names.map((name) => ({ name, mode: 'full_refresh_overwrite' })),
  });
  expect(await client.post('/v1/syncs', sync(['things', 'mangled']))).toMatchObject({
    status: 422,
    body: {
      code: 'STREAM_UNAVAILABLE',
      errors: [{ path: '/streams/1/name', message: expect.stringContaining('source_things.components.Mangle') }],
    },
  });
  expect(await client.post('/v1/syncs', sync(['things']))).toMatchObject({ status: 201 });
});

test('an update says before and after which syncs it changes, how, and which configurations it refuses', async () => {
  await add('changing', manifest([stream('things'), stream('others')]));
  const create = async (name: string, connector: string, config: unknown) =>
    String((await client.post('/v1/connections', { name, connector, config })).body.id);
  const source = await create('changing', 'changing', {});
  const destination = await create('changing warehouse', 'postgres', world.warehouseConfig);
  const sync = await client.post('/v1/syncs', {
    ...{ name: 'changing', source_id: source, destination_id: destination, namespace: 'changing' },
    streams: ['things', 'others'].map((name) => ({ name, mode: 'full_refresh_overwrite' })),
  });
  expect(sync.status).toBe(201);

  const next = manifest([stream('things').replace('primary_key: [id]', 'primary_key: [key]')]);
  const dry = await add('changing', next, '&dry_run=true');
  expect(dry).toMatchObject({ status: 200, body: { outcome: 'updated', dry_run: true } });
  const changes = {
    streams_removed: ['others'],
    connections: [],
    syncs: [
      {
        ...{ id: sync.body.id, name: 'changing', connection_id: source },
        streams: [
          { stream: 'things', change: 'primary_key', before: 'id', after: 'key', reset_needed: true },
          { stream: 'others', change: 'removed', reset_needed: false },
        ],
      },
    ],
  };
  expect(dry.body.changes).toMatchObject(changes);
  expect((await client.get('/v1/connectors/changing')).body.streams).toEqual(['things', 'others']);
  const done = await add('changing', next);
  expect(done).toMatchObject({ status: 201, body: { dry_run: false, changes } });

  const refused = await add('changing', manifest([stream('things')], 'required: [token]'), '&dry_run=true');
  expect(refused.body.changes).toMatchObject({ connections: [{ id: source, errors: [{ path: '/token' }] }] });
});
