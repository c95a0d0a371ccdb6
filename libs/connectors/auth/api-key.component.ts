import type { Injection } from '../http/request-draft.js';
import { requestOption } from '../http/request-option.component.js';
import { component, defineComponent } from '../manifest/component.js';
import { optional, template } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import type { Authenticator } from './authenticator.js';

export const apiKey = defineComponent({
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
      async authorize({ draft, scope }) {
        draft.inject(target, value(scope), scope);
      },
      identity: value,
    };
  },
});
