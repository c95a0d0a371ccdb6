import type { Resume } from '../../contracts/write-mode.js';
import type { Injection, RequestDraft } from '../http/request-draft.js';
import { requestOption, requestPath } from '../http/request-option.component.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { optional } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { str } from '../template/values.js';
import { paginationStrategies } from './pagination-strategies.component.js';
import type { PageSeen, PageToken, PaginationStrategy } from './pagination-strategy.js';

/** Asks for pages. */
export interface Paginator {
  first(scope: Scope): PageToken | null;
  next(page: PageSeen): PageToken | null;
  /** See PaginationStrategy. */
  foresee?: PaginationStrategy['foresee'];
  /** The address a token stands for, if it stands for one. */
  address(token: PageToken | null): string | null;
  /** `pageSize`: what to ask for instead of the configured size; null: that. */
  inject(draft: RequestDraft, page: { token: PageToken | null; pageSize: number | null }, scope: Scope): void;
  /** The configured size, where the requests tell one. */
  pageSize(scope: Scope): number | null;
  /** Why smaller pages cannot be asked for half-way; null: they can. */
  readonly whyNotSmaller: string | null;
  readonly resume: Resume;
  readonly warning: string | null;
}

const NUMBERED = /^(?:page|p|page_?(?:num|number|no|index)|offset|skip|start(?:_?at)?|from)$/i;

const defaultPaginator = defineComponent({
  type: 'DefaultPaginator',
  fields: {
    pagination_strategy: component(() => paginationStrategies),
    page_token_option: optional(component<Injection | 'path'>(() => [requestOption, requestPath])),
    page_size_option: optional(component(() => [requestOption])),
  },
  ignored: ['url_base', 'decoder'],
  build({ pagination_strategy: strategy, page_token_option: tokenOption, page_size_option: sizeOption }): Paginator {
    // A next page's address, or a parameter called "page", usually holds a page number, which shifts when the source changes.
    const name = tokenOption === undefined || tokenOption === 'path' ? '' : (tokenOption.path.at(-1)?.template.source ?? '');
    const doubtful = strategy.resume === 'exact' && (tokenOption === 'path' || NUMBERED.test(name));
    return {
      first: (scope) => strategy.first(scope),
      next: (page) => strategy.next(page),
      // An address is where the source says.
      foresee: (token, scope) => (tokenOption === 'path' ? null : (strategy.foresee?.(token, scope) ?? null)),
      address: (token) => (tokenOption === 'path' && token !== null ? str(token) : null),
      inject(draft, { token, pageSize }, scope) {
        if (tokenOption !== undefined && tokenOption !== 'path' && token !== null) draft.inject(tokenOption, token, scope);
        const size = sizeOption === undefined ? null : (pageSize ?? strategy.pageSize(scope));
        if (sizeOption !== undefined && size !== null) draft.inject(sizeOption, size, scope);
      },
      pageSize: (scope) => strategy.pageSize(scope),
      whyNotSmaller:
        sizeOption === undefined
          ? 'the paginator has no page_size_option'
          : tokenOption === 'path'
            ? 'the next page’s address holds the page size already'
            : strategy.whyNotSmaller,
      resume: doubtful ? 'within_slice' : strategy.resume,
      warning: doubtful
        ? 'the address or number of the next page may shift when records are added or removed at the source meanwhile'
        : strategy.warning,
    };
  },
});

/** One page a slice. The position after it is its end, from which nothing follows: that is exact. */
export const singlePage: Paginator = {
  first: () => null,
  next: () => null,
  address: () => null,
  inject: () => undefined,
  pageSize: () => null,
  whyNotSmaller: 'there is no paginator',
  resume: 'exact',
  warning: null,
};

const noPagination = defineComponent({ type: 'NoPagination', fields: {}, build: () => singlePage });

/** A new paginator joins here. */
export const paginators: readonly Component<Paginator>[] = [defaultPaginator, noPagination];
