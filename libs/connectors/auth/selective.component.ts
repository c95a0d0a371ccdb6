import { SluiceError } from '../../errors/index.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { list, map, text } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { str } from '../template/values.js';
import type { Authenticator } from './authenticator.js';
import { atPath, configOf } from './config-scope.js';

/** The one of several authenticators that the configuration names. `choices`: what they can be; given, since this is one of them. */
export const selectiveOf = (choices: () => readonly Component<Authenticator>[]): Component<Authenticator> =>
  defineComponent({
    type: 'SelectiveAuthenticator',
    fields: {
      authenticator_selection_path: list(text()),
      authenticators: map(component(choices)),
    },
    build({ authenticator_selection_path: path, authenticators: named }): Authenticator {
      const known = new Map(named);
      const chosen = (scope: Scope): Authenticator => {
        const key = atPath(configOf(scope), path);
        const found = key === undefined ? undefined : known.get(str(key));
        if (found !== undefined) return found;
        const message =
          key === undefined ? 'is missing: it chooses the authentication' : 'names no authentication of this connector';
        throw new SluiceError('CONFIG_INVALID', {
          detail: `/${path.join('/')} ${message}`,
          errors: [{ path: `/${path.join('/')}`, message, allowed: [...known.keys()] }],
        });
      };
      return {
        authorize: async (request) => chosen(request.scope).authorize(request),
        identity: (scope) => chosen(scope).identity(scope),
      };
    },
  });
