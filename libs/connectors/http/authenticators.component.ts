import type { Component } from '../manifest/component.js';
import { component, defineComponent } from '../manifest/component.js';
import { optional, template, text } from '../manifest/fields.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import type { Injection, RequestDraft } from './request-draft.js';
import { requestOption } from './request-option.component.js';

/** Puts credentials into a request. */
export interface Authenticator {
  authorize(draft: RequestDraft, scope: Scope): Promise<void>;
  /** What tells one account from another; may hold secrets: for hashing only. */
  identity(scope: Scope): string;
}

const headerOf = (name: string, value: (scope: Scope) => string): Authenticator => ({
  async authorize(draft, scope) {
    draft.header(name, value(scope));
  },
  identity: value,
});

const apiKey = defineComponent({
  type: 'ApiKeyAuthenticator',
  fields: {
    api_token: optional(template()),
    header: optional(template()),
    inject_into: optional(component(() => [requestOption])),
  },
  build({ api_token: token, header, inject_into: option }, place): Authenticator {
    const target: Injection | undefined = option ?? (header && { into: 'header', path: [header] });
    if (target === undefined)
      return place.compiler.reject({ path: place.pointer, message: 'ApiKeyAuthenticator needs inject_into or header' });
    const value = (scope: Scope): string => token?.text(scope) ?? '';
    return {
      async authorize(draft, scope) {
        draft.inject(target, value(scope), scope);
      },
      identity: value,
    };
  },
});

const bearer = defineComponent({
  type: 'BearerAuthenticator',
  fields: { api_token: template() },
  build: ({ api_token: token }) => headerOf('Authorization', (scope) => `Bearer ${token.text(scope)}`),
});

const basic = defineComponent({
  type: 'BasicHttpAuthenticator',
  fields: { username: template(), password: optional(template()) },
  build: ({ username, password }: { username: Interpolation; password: Interpolation | undefined }) =>
    headerOf(
      'Authorization',
      (scope) => `Basic ${Buffer.from(`${username.text(scope)}:${password?.text(scope) ?? ''}`).toString('base64')}`,
    ),
});

const none = defineComponent({
  type: 'NoAuth',
  fields: { name: optional(text()) },
  build: (): Authenticator => ({ authorize: async () => undefined, identity: () => '' }),
});

/** A new kind of authentication joins here. */
export const authenticators: readonly Component<Authenticator>[] = [apiKey, bearer, basic, none];
