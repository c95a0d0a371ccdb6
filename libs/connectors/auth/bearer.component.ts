import { defineComponent } from '../manifest/component.js';
import { template } from '../manifest/fields.js';
import { authorizationHeader } from './authorization-header.js';

export const bearer = defineComponent({
  type: 'BearerAuthenticator',
  fields: { api_token: template() },
  build: ({ api_token: token }) => authorizationHeader((scope) => `Bearer ${token.text(scope)}`),
});
