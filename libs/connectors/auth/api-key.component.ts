import { component, defineComponent } from '../manifest/component.js';
import { optional, template } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import type { Authenticator } from './authenticator.js';
import { credentialOption, putCredential, type CredentialPlace } from './put-credential.js';

export const apiKey = defineComponent({
  type: 'ApiKeyAuthenticator',
  fields: {
    api_token: optional(template()),
    header: optional(template()),
    inject_into: optional(component(() => [credentialOption])),
  },
  build({ api_token: token, header, inject_into: option }, place): Authenticator {
    const target: CredentialPlace | undefined = option ?? (header && { into: 'header', path: [header] });
    if (target === undefined)
      return place.compiler.reject({ path: place.pointer, message: 'ApiKeyAuthenticator needs inject_into or header' });
    const value = (scope: Scope): string => token?.text(scope) ?? '';
    return {
      async authorize({ draft, scope }) {
        putCredential(draft, { place: target, value: value(scope), scope });
      },
      identity: value,
    };
  },
});
