import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../contracts/json.js';
import { createMemoryVault } from './memory-vault.js';
import { sourceWith } from '../../../test/support/connectors/authenticated-source.js';
import { startProvider, type Asked, type Provider, type Told } from '../../../test/support/connectors/token-provider.js';

const config = { client_id: 'me', client_secret: 's3cr3t', refresh_token: 'rt-0' };
const fields = (provider: Provider, more: JsonObject = {}): JsonObject => ({
  type: 'OAuthAuthenticator',
  token_refresh_endpoint: `${provider.url}/token`,
  client_id: "{{ config['client_id'] }}",
  client_secret: "{{ config['client_secret'] }}",
  refresh_token: "{{ config['refresh_token'] }}",
  ...more,
});

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of cleanup.splice(0).reverse()) await close();
});

const bearer = ({ headers }: Asked): string => headers.authorization ?? '';
const onePage = (): Told => ({ body: { items: [{ id: 1 }] } });

async function providerOf(answers: Parameters<typeof startProvider>[0]): Promise<Provider> {
  const provider = await startProvider(answers);
  cleanup.push(() => provider.close());
  return provider;
}
function open(provider: Provider, ...[authenticator, options]: [JsonObject, Parameters<typeof sourceWith>[2]?]) {
  const opened = sourceWith(provider, authenticator, { config, secrets: Object.keys(config), ...options });
  cleanup.push(opened.close);
  return opened;
}

describe('the token request', () => {
  it('is a form with grant, client and refresh token, and what the manifest adds without replacing those', async () => {
    const provider = await providerOf({
      '/token': () => ({ body: { access_token: 'at', expires_in: 3600 } }),
      '/items': onePage,
    });
    const body = { scope: 'a b', client_id: 'not me', none: "{{ config['nothing'] }}", number: 7 };
    const headers = { 'X-Tenant': "{{ config['client_id'] }}" };
    const { read } = open(
      provider,
      fields(provider, { refresh_request_body: body, refresh_request_headers: headers, scopes: ['r'] }),
    );
    expect(await read()).toEqual([{ id: 1 }]);
    const [asked] = provider.to('/token');
    expect(asked?.form).toEqual({
      ...{ grant_type: 'refresh_token', client_id: 'me', client_secret: 's3cr3t', refresh_token: 'rt-0' },
      ...{ scopes: 'r', scope: 'a b', number: '7' },
    });
    expect(asked?.headers).toMatchObject({ 'x-tenant': 'me', 'content-type': 'application/x-www-form-urlencoded' });
    expect(bearer(provider.to('/items')[0]!)).toBe('Bearer at');
  });

  it('has other names, another grant and nested answers where the manifest says so', async () => {
    const provider = await providerOf({ '/token': () => ({ body: { data: { tok: 'at', life: '60' } } }), '/items': onePage });
    const { refresh_token: _none, ...rest } = fields(provider);
    const names = {
      client_id_name: 'app',
      client_secret_name: 'pass',
      grant_type_name: 'kind',
      grant_type: 'client_credentials',
    };
    const { read } = open(provider, { ...rest, ...names, access_token_name: 'tok', expires_in_name: 'life' });
    await read();
    expect(provider.to('/token')[0]?.form).toEqual({ kind: 'client_credentials', app: 'me', pass: 's3cr3t' });
  });

  it('leaves the client out of the form where a header holds it, and goes into the query where asked', async () => {
    const provider = await providerOf({ '/token': () => ({ body: { access_token: 'at' } }), '/items': onePage });
    const authorization = { Authorization: "Basic {{ (config['client_id'] ~ ':' ~ config['client_secret']) | base64encode }}" };
    const { read } = open(
      provider,
      fields(provider, { refresh_request_headers: authorization, send_refresh_request_as_query_params: true }),
    );
    await read();
    const [asked] = provider.to('/token');
    expect(asked?.query).toEqual({ grant_type: 'refresh_token', refresh_token: 'rt-0' });
    expect(asked?.body).toBe('');
    expect(asked?.headers.authorization).toBe(`Basic ${Buffer.from('me:s3cr3t').toString('base64')}`);
  });

  it('is an assertion where the manifest uses one', async () => {
    const provider = await providerOf({ '/token': () => ({ body: { access_token: 'at' } }), '/items': onePage });
    const profile = { type: 'JwtAuthenticator', secret_key: 'k', algorithm: 'HS256', jwt_payload: { iss: 'bot' } };
    const { read } = open(provider, {
      ...{ type: 'OAuthAuthenticator', token_refresh_endpoint: `${provider.url}/token` },
      ...{ use_profile_assertion: true, profile_assertion: profile },
    });
    await read();
    const { assertion = '', ...rest } = provider.to('/token')[0]?.form ?? {};
    expect(rest).toEqual({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' });
    expect(JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({ iss: 'bot' });
  });

  it('is tried again when the provider stumbles', async () => {
    const provider = await providerOf({
      '/token': (_asked, count) => (count === 1 ? { status: 503 } : { body: { access_token: 'at' } }),
      '/items': onePage,
    });
    expect(await open(provider, fields(provider)).read()).toHaveLength(1);
    expect(provider.to('/token')).toHaveLength(2);
  });
});

describe('an access token', () => {
  const pages = (_asked: Asked, count: number): Told => ({
    body: { items: [{ id: count }], more: count < 4 ? count + 1 : null },
  });
  const numbered =
    (life: JsonObject): ((asked: Asked, count: number) => Told) =>
    (_asked, count) => ({
      body: { access_token: `at-${count}`, ...life },
    });

  it('serves every request until it ends by the clock, a little before the provider ends it', async () => {
    const provider = await providerOf({ '/token': numbered({ expires_in: 3600 }), '/items': pages });
    const { read, clock } = open(provider, fields(provider));
    let page = 0;
    await read(() => {
      // Page 2 is on its way while page 1 is handed out.
      if (++page === 1) clock.ms += 3_600_000 - 10_000;
    });
    expect(provider.to('/items').map(bearer)).toEqual(['Bearer at-1', 'Bearer at-1', 'Bearer at-2', 'Bearer at-2']);
  });

  it('ends at a point in time where the manifest has a format, and after an hour where nobody says', async () => {
    for (const [more, life, after] of [
      [{ expires_in_name: 'expires_at', token_expiry_date_format: '%Y' }, { expires_at: '2024-06-01T00:20:00Z' }, 1_200_000],
      [{ expires_in_name: 'expires_at', token_expiry_date_format: '%s' }, { expires_at: 1_717_201_200 }, 1_200_000],
      [{}, {}, 3_600_000],
    ] as const) {
      const provider = await providerOf({ '/token': numbered(life), '/items': onePage });
      const { read, clock } = open(provider, fields(provider, more));
      await read();
      clock.ms += after - 60_000;
      await read();
      clock.ms += 60_000;
      await read();
      expect(provider.to('/items').map(bearer)).toEqual(['Bearer at-1', 'Bearer at-1', 'Bearer at-2']);
    }
  });

  it('is replaced once when the source refuses it though it is valid by the clock, and the request is repeated', async () => {
    const provider = await providerOf({
      '/token': numbered({ expires_in: 3600 }),
      '/items': (asked) => (bearer(asked) === 'Bearer at-2' ? onePage() : { status: 401 }),
    });
    expect(await open(provider, fields(provider)).read()).toEqual([{ id: 1 }]);
    expect(provider.to('/token')).toHaveLength(2);
  });

  it('that is refused again after a renewal ends the read: no loop', async () => {
    const provider = await providerOf({ '/token': numbered({ expires_in: 3600 }), '/items': () => ({ status: 401 }) });
    await expect(open(provider, fields(provider)).read()).rejects.toMatchObject({ code: 'SOURCE_AUTH_FAILED' });
    expect(provider.to('/token')).toHaveLength(2);
    expect(provider.to('/items')).toHaveLength(2);
  });

  it('is replaced on any status for which the manifest says REFRESH_TOKEN_THEN_RETRY', async () => {
    const provider = await providerOf({
      '/token': numbered({ expires_in: 3600 }),
      '/items': (asked) => (bearer(asked) === 'Bearer at-2' ? onePage() : { status: 403 }),
    });
    const errorHandler = {
      type: 'DefaultErrorHandler',
      response_filters: [{ type: 'HttpResponseFilter', http_codes: [403], action: 'REFRESH_TOKEN_THEN_RETRY' }],
    };
    expect(await open(provider, fields(provider), { errorHandler }).read()).toHaveLength(1);
  });

  it('of the configuration is used as it is without an endpoint, and until it ends with one', async () => {
    const provider = await providerOf({ '/token': numbered({ expires_in: 3600 }), '/items': onePage });
    const fixed = {
      type: 'OAuthAuthenticator',
      access_token_value: 'given',
      client_id: 'a',
      client_secret: 'b',
      refresh_token: 'c',
    };
    await open(provider, fixed).read();
    const { read, clock } = open(
      provider,
      fields(provider, { access_token_value: 'given', token_expiry_date: '2024-06-01T01:00:00Z' }),
    );
    await read();
    clock.ms += 3_600_000;
    await read();
    await open(provider, fields(provider, { access_token_value: 'given' })).read();
    expect(provider.to('/items').map(bearer)).toEqual(['Bearer given', 'Bearer given', 'Bearer at-1', 'Bearer at-2']);
  });
});

describe('a refresh token that is rotated', () => {
  const strict = () => {
    let newest = 'rt-0';
    return ({ form }: Asked, count: number): Told => {
      if (form['refresh_token'] !== newest) return { status: 400, body: { error: 'invalid_grant' } };
      newest = `rt-${count}`;
      return { body: { access_token: `at-${count}`, refresh_token: newest, expires_in: 3600 } };
    };
  };

  it('is used from then on, by the next run too, since it is stored before its access token is used', async () => {
    const provider = await providerOf({ '/token': strict(), '/items': onePage });
    const credentials = createMemoryVault();
    const first = open(provider, fields(provider), { credentials });
    await first.read();
    first.clock.ms += 3_600_000;
    await first.read();
    const second = open(provider, fields(provider), { credentials });
    second.clock.ms += 7_200_000;
    await second.read();
    expect(provider.to('/token').map(({ form }) => form['refresh_token'])).toEqual(['rt-0', 'rt-1', 'rt-2']);
  });

  it('begins with what the configuration holds at the updater’s paths', async () => {
    const provider = await providerOf({ '/token': strict(), '/items': onePage });
    const credentials = {
      client_id: 'theirs',
      client_secret: 'x',
      refresh_token: 'rt-0',
      access_token: 'given',
      ends: '2024-06-01T00:30:00Z',
    };
    const updater = { token_expiry_date_config_path: ['credentials', 'ends'] };
    const { read, clock } = open(provider, fields(provider, { refresh_token_updater: updater }), {
      config: { ...config, refresh_token: 'not this one', credentials },
    });
    await read();
    clock.ms += 1_800_000;
    await read();
    expect(provider.to('/items').map(bearer)).toEqual(['Bearer given', 'Bearer at-1']);
    expect(provider.to('/token')[0]?.form).toMatchObject({ client_id: 'theirs', client_secret: 'x', refresh_token: 'rt-0' });
  });

  it('of an earlier configuration is not used with a new one', async () => {
    const provider = await providerOf({
      '/token': ({ form }) => ({ body: { access_token: `at for ${form['refresh_token']}`, refresh_token: 'rotated' } }),
      '/items': onePage,
    });
    const credentials = createMemoryVault();
    await open(provider, fields(provider), { credentials }).read();
    await open(provider, fields(provider), { credentials, config: { ...config, refresh_token: 'new' } }).read();
    expect(provider.to('/items').map(bearer)).toEqual(['Bearer at for rt-0', 'Bearer at for new']);
  });

  it('is fetched once by twenty readers at once', async () => {
    const provider = await providerOf({ '/token': strict(), '/items': onePage });
    const { read } = open(provider, fields(provider));
    await Promise.all(Array.from({ length: 20 }, () => read()));
    expect(provider.to('/token')).toHaveLength(1);
  });
});

describe('a refresh that is refused', () => {
  it.each([
    [
      400,
      { error: 'invalid_grant', error_description: 'AADSTS50173: s3cr3t rt-0' },
      /400 \(invalid_grant, AADSTS50173\).*authorise the connection anew/,
    ],
    [401, { error: 'invalid_client' }, /client id or secret are not accepted/],
    [200, { error: 'bad_verification_code' }, /bad_verification_code/],
  ])('with %s fails for good and says what to do, without the body', async (status, body, words) => {
    const provider = await providerOf({ '/token': () => ({ status, body }), '/items': onePage });
    const error = await open(provider, fields(provider))
      .read()
      .then(
        () => null,
        (thrown: Error) => thrown,
      );
    expect(error).toMatchObject({ code: 'SOURCE_AUTH_FAILED', message: expect.stringMatching(words) as unknown });
    expect(JSON.stringify([error, String(error)])).not.toMatch(/s3cr3t|rt-0/);
    expect(provider.to('/token')).toHaveLength(1);
    expect(provider.to('/items')).toHaveLength(0);
  });

  it('is known by the manifest’s own signs too', async () => {
    const provider = await providerOf({ '/token': () => ({ status: 422, body: { reason: 'gone' } }), '/items': onePage });
    const signs = {
      ...{ refresh_token_error_status_codes: [422], refresh_token_error_key: 'reason', refresh_token_error_values: ['gone'] },
    };
    await expect(open(provider, fields(provider, signs)).read()).rejects.toMatchObject({ code: 'SOURCE_AUTH_FAILED' });
  });

  it('without a token or with no JSON fails at once: a refresh token may be good for one try only', async () => {
    for (const body of [{ token_type: 'bearer' }, '<html>rt-0</html>']) {
      const provider = await providerOf({ '/token': () => ({ body }), '/items': onePage });
      const error = await open(provider, fields(provider))
        .read()
        .then(
          () => null,
          (thrown: Error) => thrown,
        );
      expect(error).toMatchObject({ code: 'SOURCE_REQUEST_REFUSED' });
      expect(String(error)).not.toContain('rt-0');
      expect(provider.to('/token')).toHaveLength(1);
    }
  });
});

it('a token that was learned while running is not shown by errors', async () => {
  const provider = await providerOf({
    '/token': () => ({ body: { access_token: 'learned-token', expires_in: 60 } }),
    '/items': () => ({ status: 400, body: { message: 'learned-token is bad' } }),
  });
  const errorHandler = {
    type: 'DefaultErrorHandler',
    response_filters: [{ type: 'HttpResponseFilter', http_codes: [400], action: 'FAIL', error_message: 'no learned-token' }],
  };
  const error = await open(provider, fields(provider), { errorHandler })
    .read()
    .then(
      () => null,
      (thrown: Error) => thrown,
    );
  expect(error).toMatchObject({ message: expect.stringContaining('[secret]') as unknown });
  expect(JSON.stringify([error, String(error)])).not.toContain('learned-token');
});
