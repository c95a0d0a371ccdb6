import type { Resume } from '../../contracts/write-mode.js';
import { SluiceError } from '../../errors/index.js';
import type { Answer } from '../errors/answer.js';
import { answerScope } from '../errors/error-handlers.component.js';
import { defineComponent, type Component } from '../manifest/component.js';
import { boolean, integer, optional, template } from '../manifest/fields.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { isInteger, truthy } from '../template/values.js';

/** A page's token: small JSON, part of the position. */
export type PageToken = string | number;

export interface PageSeen {
  answer: Answer;
  /** Extracted, before filtering. */
  extracted: number;
  /** After filtering. */
  kept: number;
  lastRecord: unknown;
  /** Of the page just read; null for the first one. */
  token: PageToken | null;
  scope: Scope;
}

/** How one page leads to the next. */
export interface PaginationStrategy {
  /** Token of the first page, or null to ask without one. */
  first(scope: Scope): PageToken | null;
  /** Token of the next page; null: there is none. */
  next(page: PageSeen): PageToken | null;
  pageSize(scope: Scope): number | null;
  /** Whether a token names the same place for ever. */
  readonly resume: Resume;
  readonly warning: string | null;
}

const sizeOf = (size: Interpolation | undefined, scope: Scope): number | null => {
  if (size === undefined) return null;
  const value = size.evaluate(scope, null);
  if (isInteger(value) && value > 0) return Number(value);
  throw new SluiceError('CONFIG_INVALID', { detail: `the page size at ${size.pointer} is not a positive whole number` });
};

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
      next({ extracted, token, scope }) {
        const pageSize = sizeOf(size, scope);
        if (extracted === 0 || (pageSize !== null && extracted < pageSize)) return null;
        return (typeof token === 'number' ? token : start) + 1;
      },
      pageSize: (scope) => sizeOf(size, scope),
      resume: 'within_slice',
      warning:
        'pages are asked for by number: records that are added or removed at the source meanwhile can be missed or come twice',
    };
  },
});

const offsetIncrement = defineComponent({
  type: 'OffsetIncrement',
  fields: { page_size: optional(template()), inject_on_first_request: optional(boolean(), false) },
  build({ page_size: size, inject_on_first_request: injects }): PaginationStrategy {
    return {
      first: () => (injects ? 0 : null),
      next({ extracted, token, scope }) {
        const pageSize = sizeOf(size, scope);
        if (extracted === 0 || (pageSize !== null && extracted < pageSize)) return null;
        return (typeof token === 'number' ? token : 0) + extracted;
      },
      pageSize: (scope) => sizeOf(size, scope),
      resume: 'within_slice',
      warning:
        'pages are asked for by offset: records that are added or removed at the source meanwhile can be missed or come twice',
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
    return {
      first: () => null,
      next({ answer, kept, lastRecord, scope }) {
        const seen = answerScope(answer, scope);
        const of = { ...seen, names: { ...seen.names, last_page_size: kept, last_record: lastRecord ?? {} } };
        if (stop !== undefined && stop.holds(of)) return null;
        const value = cursor.evaluate(of, null);
        return truthy(value) ? tokenOf(value, cursor.pointer) : null;
      },
      pageSize: (scope) => sizeOf(size, scope),
      resume: computed ? 'within_slice' : 'exact',
      warning: computed
        ? 'the page token is computed from numbers: records that are added or removed at the source meanwhile can be missed or come twice'
        : null,
    };
  },
});

function tokenOf(value: unknown, pointer: string): PageToken {
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'bigint') return String(value);
  throw new SluiceError('SOURCE_BAD_RESPONSE', { detail: `the page token at ${pointer} is neither text nor number` });
}

/** A new way of paging joins here. */
export const paginationStrategies: readonly Component<PaginationStrategy>[] = [pageIncrement, offsetIncrement, cursorPagination];
