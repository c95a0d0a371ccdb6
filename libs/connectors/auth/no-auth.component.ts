import { defineComponent } from '../manifest/component.js';
import { optional, text } from '../manifest/fields.js';
import type { Authenticator } from './authenticator.js';

export const noAuth = defineComponent({
  type: 'NoAuth',
  fields: { name: optional(text()) },
  build: (): Authenticator => ({ authorize: async () => undefined, identity: () => '' }),
});
