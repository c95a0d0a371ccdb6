import type { JsonValue } from '../../contracts/json.js';
import type { Resume } from '../../contracts/write-mode.js';
import type { Answer } from '../errors/answer.js';
import type { Scope } from '../manifest/interpolation.js';

/** A page's token: small JSON, part of the position. Never null. */
export type PageToken = string | number | boolean | JsonValue[] | { [name: string]: JsonValue };

export interface PageSeen {
  answer: Answer;
  /** Extracted, before filtering. */
  extracted: number;
  /** After filtering. */
  kept: number;
  lastRecord: unknown;
  /** Of the page just read; null for the first one. */
  token: PageToken | null;
  /** What was asked for where it is not the configured size, since that was refused. */
  pageSize: number | null;
  scope: Scope;
}

/** How one page leads to the next. */
export interface PaginationStrategy {
  /** Token of the first page, or null to ask without one. */
  first(scope: Scope): PageToken | null;
  /** Token of the next page; null: there is none. */
  next(page: PageSeen): PageToken | null;
  /** Token of the page after the one at `token`, if that one is full; null: only the page itself tells. Absent: it always does. */
  foresee?(token: PageToken | null, scope: Scope): PageToken | null;
  pageSize(scope: Scope): number | null;
  /** Why smaller pages cannot be asked for half-way; null: they can. */
  readonly whyNotSmaller: string | null;
  /** Whether a token names the same place for ever. */
  readonly resume: Resume;
  readonly warning: string | null;
}
