import { SluiceError } from '../../errors/index.js';
import { answerScope } from '../errors/answer-scope.js';
import { defineComponent, type Component } from '../manifest/component.js';
import { boolean, integer, optional, template } from '../manifest/fields.js';
import { PyFloat, PyTuple, isDict, isNumber, str, truthy } from '../template/values.js';
import { pageSizeOf } from './page-size.js';
import type { PageSeen, PageToken, PaginationStrategy } from './pagination-strategy.js';

/** Whether a page holds all that was asked for, so that another may follow. */
const isFull = (extracted: number, asked: number | null): boolean => extracted > 0 && (asked === null || extracted >= asked);

/** The number in a counting strategy's token; `before`: what the first request without a token stands for. */
function counted(token: PageToken | null, before: number): number {
  if (token === null) return before;
  if (typeof token === 'number') return token;
  throw new SluiceError('POSITION_REFUSED', { detail: 'the stored page token is no number' });
}

const shifts = (by: string): string =>
  `pages are asked for by ${by}: records that are added or removed at the source meanwhile can be missed or come twice`;

const pageIncrement = defineComponent({
  type: 'PageIncrement',
  fields: {
    page_size: optional(template()),
    start_from_page: optional(integer(), 0),
    inject_on_first_request: optional(boolean(), false),
  },
  build({ page_size: size, start_from_page: start, inject_on_first_request: injects }): PaginationStrategy {
    return {
      first: () => (injects ? start : null),
      next: ({ extracted, token, scope }) => (isFull(extracted, pageSizeOf(size, scope)) ? counted(token, start) + 1 : null),
      // Without a size every page that is not empty counts as full.
      foresee: (token, scope) => (pageSizeOf(size, scope) === null ? null : counted(token, start) + 1),
      pageSize: (scope) => pageSizeOf(size, scope),
      whyNotSmaller: 'pages are counted, and smaller ones would shift those that follow',
      resume: 'within_slice',
      warning: shifts('number'),
    };
  },
});

const offsetIncrement = defineComponent({
  type: 'OffsetIncrement',
  fields: { page_size: optional(template()), inject_on_first_request: optional(boolean(), false) },
  build({ page_size: size, inject_on_first_request: injects }): PaginationStrategy {
    // Only where it is looked for is the body decoded.
    const looks = size?.template.uses.has('response') === true;
    return {
      first: () => (injects ? 0 : null),
      next({ answer, extracted, token, pageSize, scope }) {
        const seen = looks ? { ...scope, names: { ...scope.names, response: answer.first() } } : scope;
        const asked = pageSize ?? pageSizeOf(size, seen);
        return isFull(extracted, asked) ? counted(token, 0) + extracted : null;
      },
      foresee(token, scope) {
        const asked = looks ? null : pageSizeOf(size, scope);
        return asked === null ? null : counted(token, 0) + asked;
      },
      pageSize: (scope) => pageSizeOf(size, scope),
      whyNotSmaller: null,
      resume: 'within_slice',
      warning: shifts('offset'),
    };
  },
});

const cursorPagination = defineComponent({
  type: 'CursorPagination',
  fields: { cursor_value: template(), stop_condition: optional(template()), page_size: optional(template()) },
  // Part of older manifests; the body is decoded once, for all.
  ignored: ['decoder'],
  build({ cursor_value: cursor, stop_condition: stop, page_size: size }): PaginationStrategy {
    const computed = cursor.template.computes;
    const next = ({ answer, kept, lastRecord, pageSize, scope }: PageSeen): PageToken | null => {
      const seen = answerScope(answer, scope);
      const asked = pageSize ?? pageSizeOf(size, scope);
      const names = { ...seen.names, last_page_size: kept, last_record: lastRecord ?? null, page_size: asked };
      const of = { ...seen, names };
      if (stop !== undefined && stop.template.source !== '' && stop.holds(of)) return null;
      // A name below a missing value fails, as in Airbyte: a pagination that ended there would leave records out without a word.
      const value = cursor.evaluate(of);
      return truthy(value) ? tokenOf(value, cursor.pointer) : null;
    };
    return {
      first: () => null,
      next,
      pageSize: (scope) => pageSizeOf(size, scope),
      whyNotSmaller: null,
      resume: computed ? 'within_slice' : 'exact',
      warning: computed
        ? 'the page token is computed from numbers: records that are added or removed at the source meanwhile can be missed or come twice'
        : null,
    };
  },
});

function tokenOf(value: unknown, pointer: string): PageToken {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  // As text they keep every digit, and a float its point.
  if (isNumber(value) || value instanceof PyFloat) return str(value);
  if (value instanceof PyTuple) return tokenOf(value.items, pointer);
  if (Array.isArray(value)) return value.map((item: unknown) => (item === null ? null : tokenOf(item, pointer)));
  if (isDict(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, item === null ? null : tokenOf(item, pointer)] as const),
    );
  throw new SluiceError('SOURCE_BAD_RESPONSE', { detail: `the page token at ${pointer} is neither text nor number nor JSON` });
}

/** A new way of paging joins here. */
export const paginationStrategies: readonly Component<PaginationStrategy>[] = [pageIncrement, offsetIncrement, cursorPagination];
