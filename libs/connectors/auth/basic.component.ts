import { defineComponent } from '../manifest/component.js';
import { optional, template } from '../manifest/fields.js';
import type { Interpolation } from '../manifest/interpolation.js';
import { authorizationHeader } from './authorization-header.js';

/** RFC 7617, in UTF-8. */
export const basic = defineComponent({
  type: 'BasicHttpAuthenticator',
  fields: { username: template(), password: optional(template()) },
  build: ({ username, password }: { username: Interpolation; password: Interpolation | undefined }) =>
    authorizationHeader(
      (scope) => `Basic ${Buffer.from(`${username.text(scope)}:${password?.text(scope) ?? ''}`).toString('base64')}`,
    ),
});
