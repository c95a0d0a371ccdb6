import { findHeader } from '../http/find-header.js';
import type { Injection, RequestDraft } from '../http/request-draft.js';
import { requestOption } from '../http/request-option.component.js';
import { defineComponent, type Component } from '../manifest/component.js';
import { enumeration, template } from '../manifest/fields.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';

/** Where a credential goes: Airbyte's places, and a cookie. */
export type CredentialPlace = Injection | { into: 'cookie'; name: Interpolation };

const cookieOption = defineComponent({
  type: 'RequestOption',
  fields: { inject_into: enumeration('cookie'), field_name: template() },
  build: ({ field_name: name }): CredentialPlace => ({ into: 'cookie', name }),
});

export const credentialOption: Component<CredentialPlace> = {
  type: requestOption.type,
  compile: (node, place) => (node['inject_into'] === 'cookie' ? cookieOption : requestOption).compile(node, place),
};

/** Sets a header whatever else set it, in whatever case: credentials have the last word, as in Airbyte. */
export function putHeader(draft: RequestDraft, name: string, value: string): void {
  for (const known of Object.keys(draft.headers)) if (known.toLowerCase() === name.toLowerCase()) delete draft.headers[known];
  draft.headers[name] = value;
}

export function putCredential(
  draft: RequestDraft,
  { place, value, scope }: { place: CredentialPlace; value: string; scope: Scope },
): void {
  if (place.into === 'cookie') {
    const others = findHeader(draft.headers, 'Cookie');
    const cookie = `${place.name.text(scope)}=${value}`;
    putHeader(draft, 'Cookie', others === undefined ? cookie : `${others}; ${cookie}`);
  } else if (place.into === 'header') putHeader(draft, place.path[0]?.text(scope) ?? '', value);
  else draft.inject(place, value, scope);
}
