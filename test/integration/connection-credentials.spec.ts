import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { createConnectorCatalog, sealSecrets, StoreConnectionOpener } from '../../libs/connections/index.js';
import { startProvider, type Asked, type Provider, type Told } from '../support/connectors/token-provider.js';
import { Egress, EgressAllowList } from '../../libs/egress/index.js';
import { openBody } from '../../libs/events/index.js';
import { createSecretBox, splitSecrets } from '../../libs/secrets/index.js';
import {
  createPool,
  findConnection,
  getDefaultWorkspaceId,
  inTransaction,
  insertConnection,
  migrate,
  putConnector,
  updateConnection,
  type EventRow,
  type Pool,
} from '../../libs/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const secrets = createSecretBox({ current: randomBytes(32) });
const spec = {
  type: 'object',
  properties: { url: { type: 'string' }, client_id: { type: 'string' }, refresh_token: { type: 'string', airbyte_secret: true } },
};

let database: TestDatabase;
let pool: Pool;
let provider: Provider;
let egress: Egress;
let workspaceId: string;
const connectionId = randomUUID();

const manifest = {
  version: '6.0.0',
  type: 'DeclarativeSource',
  check: { type: 'CheckStream', stream_names: ['items'] },
  streams: [
    {
      ...{ type: 'DeclarativeStream', name: 'items', schema_loader: { type: 'InlineSchemaLoader', schema: {} } },
      retriever: {
        type: 'SimpleRetriever',
        record_selector: { type: 'RecordSelector', extractor: { type: 'DpathExtractor', field_path: ['items'] } },
        requester: {
          ...{ type: 'HttpRequester', url_base: "{{ config['url'] }}", path: '/items' },
          authenticator: {
            type: 'OAuthAuthenticator',
            token_refresh_endpoint: "{{ config['url'] }}/token",
            ...{ client_id: "{{ config['client_id'] }}", client_secret: '', refresh_token: "{{ config['refresh_token'] }}" },
          },
        },
      },
    },
  ],
  spec: { type: 'Spec', connection_specification: spec },
};

/** A worker of its own: what one process holds in memory, another one does not have. */
const opener = (): StoreConnectionOpener =>
  new StoreConnectionOpener({ db: pool, secrets, catalog: createConnectorCatalog(egress), egress, class: 'batch' });

async function checkWith(worker: StoreConnectionOpener): Promise<void> {
  const { source } = await worker.openSource({ workspaceId, connectionId });
  try {
    await source.check();
  } finally {
    await source.close();
  }
}

const split = (refreshToken: string) => {
  const { config, secrets: apart } = splitSecrets(spec, { url: provider.url, client_id: 'me', refresh_token: refreshToken });
  return { config, secrets: sealSecrets(secrets, { workspaceId, id: connectionId }, apart) };
};

beforeAll(async () => {
  database = await createTestDatabase('credentials');
  await migrate(database.url);
  pool = createPool(database.url);
  workspaceId = await getDefaultWorkspaceId(pool);
  // Every refresh token is good once.
  const spent = new Set<string>();
  provider = await startProvider({
    '/items': () => ({ body: { items: [{ id: 1 }] } }),
    '/token': ({ form: { refresh_token: token = '' } }: Asked, count): Told => {
      if (spent.has(token)) return { status: 400, body: { error: 'invalid_grant' } };
      spent.add(token);
      return { body: { access_token: `at-${count}`, refresh_token: `${token}+`, expires_in: 3600 } };
    },
  });
  egress = new Egress({
    ...{ allow: EgressAllowList.parse(provider.host), version: '0' },
    gate: { acquire: async () => ({ settle: async () => undefined }) },
  });
  await inTransaction(pool, (tx) => putConnector(tx, { workspaceId, name: 'items', hash: 'h', kind: 'source', manifest }));
  await insertConnection(pool, {
    ...{ id: connectionId, workspaceId, name: 'c', connector: 'items', budget: null },
    ...split('first'),
  });
});
afterAll(async () => {
  await egress.close();
  provider.close();
  await pool.end();
  await database.drop();
});

test('workers share a connection’s token, and new credentials in its configuration end that', async () => {
  await Promise.all([opener(), opener(), opener()].map(checkWith));
  await checkWith(opener());
  expect(provider.to('/token').map(({ form }) => form['refresh_token'])).toEqual(['first']);

  const row = await findConnection(pool, { workspaceId, id: connectionId });
  await updateConnection(pool, { ...row!, ...split('authorised anew') });
  await checkWith(opener());
  expect(provider.to('/token').map(({ form }) => form['refresh_token'])).toEqual(['first', 'authorised anew']);
  expect(new Set(provider.to('/items').map(({ headers }) => headers.authorization))).toEqual(
    new Set(['Bearer at-1', 'Bearer at-2']),
  );
});

const notices = async (): Promise<unknown[]> => {
  const { rows } = await pool.query<EventRow>(
    `SELECT workspace_id AS "workspaceId", connection_id AS "connectionId", body FROM control.event
     WHERE kind = 'system' AND type = 'connection.needs_reauthorization' AND subject = $1 ORDER BY seq`,
    [connectionId],
  );
  return rows.map((row) => JSON.parse(openBody(secrets, row)) as unknown);
};
const needsSince = async () => (await findConnection(pool, { workspaceId, id: connectionId }))?.needsReauthorizationSince;

test('a refused renewal makes the connection say that it needs other credentials, with one event, until it has them', async () => {
  const row = await findConnection(pool, { workspaceId, id: connectionId });
  await updateConnection(pool, { ...row!, ...split('first') });
  await pool.query('DELETE FROM control.credential');
  const refused = await Promise.allSettled([checkWith(opener()), checkWith(opener()), checkWith(opener())]);
  expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(await needsSince()).toEqual(expect.any(Date));
  expect(await notices()).toEqual([
    { connection: { id: connectionId, name: 'c', connector: 'items', revision: 3 }, error: { code: 'SOURCE_AUTH_FAILED' } },
  ]);

  const now = await findConnection(pool, { workspaceId, id: connectionId });
  await updateConnection(pool, { ...now!, name: 'renamed' });
  expect(await needsSince()).toEqual(expect.any(Date));
  // What is refused of an older configuration says nothing of the one that is there now.
  const stale = opener();
  const { source } = await stale.openSource({ workspaceId, connectionId });
  const renamed = await findConnection(pool, { workspaceId, id: connectionId });
  await updateConnection(pool, { ...renamed!, ...split('brought again') });
  await expect(source.check()).rejects.toMatchObject({ code: 'SOURCE_AUTH_FAILED' });
  await source.close();
  expect(await needsSince()).toBeNull();
  await checkWith(opener());
  expect(await notices()).toHaveLength(1);
});
