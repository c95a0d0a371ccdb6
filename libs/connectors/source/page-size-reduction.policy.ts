import { SluiceError } from '../../errors/index.js';

/** How pages shrink when the source refuses them as too large (REDUCE_PAGE_SIZE). */
export interface PageSizeReduction {
  /** > 1. */
  factor: number;
  minimum: number;
  /** In a row, without a page in between. */
  maxAttempts: number;
  /** Before the first repeat; grows with each. */
  backoffSeconds: number;
  /** Of a page that cannot be made smaller. */
  retriesAtMinimum: number;
  /** Whether the next page is asked for in the configured size again. */
  resets: boolean;
  failureMessage: string | null;
}

/** Pure: a new one after every page. `size` null: the configured one. */
export interface PageSizeState {
  readonly size: number | null;
  readonly attempts: number;
  readonly retriesAtMinimum: number;
}

export const fullPages = (size: number | null): PageSizeState => ({ size, attempts: 0, retriesAtMinimum: 0 });

/** After a page that came. */
export const afterPage = (state: PageSizeState, { resets }: PageSizeReduction): PageSizeState =>
  state.attempts === 0 && state.retriesAtMinimum === 0 && !resets ? state : fullPages(resets ? null : state.size);

/** After a page that was refused: what to ask for instead, and when. Throws when no smaller page is allowed. */
export function smallerPage(
  state: PageSizeState,
  { reduction, configured, stream }: { reduction: PageSizeReduction; configured: number | null; stream: string },
): { state: PageSizeState; waitMs: number } {
  const { factor, minimum, maxAttempts, backoffSeconds, retriesAtMinimum, failureMessage } = reduction;
  const fail = (words: string, type: 'config_error' | 'transient_error'): never => {
    const said = type === 'transient_error' && failureMessage !== null ? ` ${failureMessage}` : '';
    throw new SluiceError(type === 'config_error' ? 'SOURCE_REQUEST_REFUSED' : 'SOURCE_SERVER_ERROR', {
      detail: `stream ${stream}: ${words}${said}`,
      details: { stream, failure_type: type },
    });
  };
  if (configured === null) return fail('the source asks for smaller pages, but the paginator has no page size', 'config_error');
  const current = state.size ?? configured;
  const smaller = Math.max(minimum, Math.floor(current / factor));
  if (smaller < current) {
    const attempts = state.attempts + 1;
    if (attempts > maxAttempts)
      return fail(`the source refuses pages of every size that was tried, down to ${current} records`, 'transient_error');
    return { state: { ...state, size: smaller, attempts }, waitMs: 1_000 * backoffSeconds * attempts };
  }
  if (state.retriesAtMinimum < retriesAtMinimum) {
    const retries = state.retriesAtMinimum + 1;
    return { state: { ...state, retriesAtMinimum: retries }, waitMs: 1_000 * backoffSeconds * retries };
  }
  if (state.size === null && minimum > 1)
    return fail(`the page size ${current} is not above the least that is allowed (${minimum})`, 'config_error');
  return fail(`the source refuses pages of ${current} records, the least that is allowed`, 'transient_error');
}
