import type { JsonObject } from '../../contracts/json.js';
import { SluiceError } from '../../errors/index.js';
import { RequestDraft } from '../http/request-draft.js';
import { requestMatcher } from '../http/request-matcher.component.js';
import { component, defineComponent } from '../manifest/component.js';
import { enumeration, integer, list, oneOrMany, optional, template, text } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { isNumber, str, toNumber } from '../template/values.js';
import type { Access, Authenticator } from './authenticator.js';
import { atPath, configOf, configScope } from './config-scope.js';
import { evaluatedMap } from './evaluated-map.js';
import { pointInTime } from './lifetime.js';
import { putHeader } from './put-credential.js';
import { sendForCredential } from './send-for-credential.js';
import { TokenRing, type Quotas } from './token-ring.js';

const tokenQuota = defineComponent({
  type: 'TokenQuota',
  fields: {
    name: text(),
    remaining_path: list(text()),
    reset_path: list(text()),
    matchers: optional(list(component(() => [requestMatcher])), []),
  },
  // What answers say of limits is read by the account's budget.
  ignored: ['limit_path', 'remaining_header', 'reset_header', 'limit_header', 'exhaustion_status_codes'],
  build: (fields) => fields,
});

const quotaStatusSource = defineComponent({
  type: 'QuotaStatusSource',
  fields: {
    url: template(),
    http_method: optional(enumeration('GET', 'POST'), 'GET'),
    request_headers: optional(evaluatedMap(), () => ({})),
    unavailable_status_codes: optional(list(integer()), []),
  },
  build: (fields) => fields,
});

/** Several tokens in turn, each until the provider's quota for it is used up. */
export const rateLimitedTokens = defineComponent({
  type: 'RateLimitedMultipleTokenAuthenticator',
  fields: {
    tokens: oneOrMany(template()),
    token_delimiter: optional(text(), ','),
    auth_method: optional(text(), 'Bearer'),
    header: optional(text(), 'Authorization'),
    quota_status_source: component(() => [quotaStatusSource]),
    quotas: list(component(() => [tokenQuota])),
  },
  // A wait of any length is a timer that holds no worker; the budget spreads calls where a limit is declared.
  ignored: ['max_wait_time', 'budget_reserve_fraction', 'budget_min_reserve'],
  build({
    tokens: templates,
    token_delimiter: delimiter,
    auth_method: method,
    header,
    quota_status_source: source,
    quotas,
  }): Authenticator {
    const rings = new WeakMap<JsonObject, TokenRing>();
    const tokensOf = (scope: Scope): string[] => [
      ...new Set(
        templates
          .flatMap((one) => one.text(scope).split(delimiter))
          .map((token) => token.trim())
          .filter((token) => token !== ''),
      ),
    ];
    const sign = (draft: RequestDraft, token: string): void =>
      putHeader(draft, header, method === '' ? token : `${method} ${token}`);

    const load = (access: Access, scope: Scope, token: string): Promise<Quotas> =>
      sendForCredential(access, {
        ...{ label: 'the quota request', scope },
        draft() {
          const request = new RequestDraft(source.url.text(scope), source.http_method);
          for (const [name, value] of Object.entries(source.request_headers(scope)))
            if (value !== null) request.header(name, str(value));
          sign(request, token);
          return request;
        },
        read(answer) {
          if (source.unavailable_status_codes.includes(answer.status)) return new Map();
          if (answer.status >= 400)
            throw new SluiceError(
              answer.status === 401 || answer.status === 403 ? 'SOURCE_AUTH_FAILED' : 'SOURCE_REQUEST_REFUSED',
              {
                detail: `the quota request answered ${answer.status}`,
                details: { status: answer.status },
              },
            );
          const body = answer.decoded();
          return new Map(
            quotas.map(({ name, remaining_path: remaining, reset_path: reset }) => [
              name,
              quotaAt(body, { name, remaining, reset }),
            ]),
          );
        },
      });

    return {
      identity: (at) => JSON.stringify(tokensOf(configScope(at))),
      async authorize({ draft, scope: at, access }) {
        const scope = configScope(at);
        const config = configOf(at);
        const tokens = tokensOf(scope);
        if (tokens.length === 0) throw new SluiceError('CONFIG_INVALID', { detail: 'the configuration holds no token' });
        const ring = rings.get(config) ?? new TokenRing(tokens);
        rings.set(config, ring);
        const request = draft.finish();
        const pool =
          quotas.find(({ matchers }) => matchers.some((matcher) => matcher.matches(request))) ??
          quotas.find(({ matchers }) => matchers.length === 0);
        const token = await ring.take({
          ...{ pool: pool?.name ?? null, nowMs: access.now() },
          load: (one) => load(access, scope, one),
        });
        // The configuration holds several in one text: each by itself is a secret too.
        access.learn(token);
        sign(draft, token);
      },
    };
  },
});

function quotaAt(
  body: unknown,
  { name, remaining, reset }: { name: string; remaining: readonly string[]; reset: readonly string[] },
) {
  const count = atPath(body, remaining);
  const resetsAt = pointInTime(atPath(body, reset));
  const calls = isNumber(count) ? toNumber(count) : typeof count === 'string' && count.trim() !== '' ? Number(count) : NaN;
  if (Number.isFinite(calls) && resetsAt !== null) return { remaining: calls, resetsAt };
  throw new SluiceError('SOURCE_REQUEST_REFUSED', {
    detail: `the quota answer says nothing of the pool "${name}" at remaining_path and reset_path`,
  });
}
