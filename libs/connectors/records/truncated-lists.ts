import type { Scope } from '../manifest/interpolation.js';
import { isObject, type Tree } from '../manifest/tree.js';
import { truthy } from '../template/values.js';
import { counted, type Batch, type Extracted, type FetchList, type ListRetriever } from './extractor.js';
import type { PathTo } from './one-place.js';
import { valueAt } from './paths.js';

export interface RecordExpander {
  /** One record to the items of a list inside it; what is no object passes. */
  expand: (record: unknown, scope: Scope) => readonly unknown[];
  /** null: no record says whether its list is cut short. */
  truncation: Truncation | null;
}

/** What tells that a record holds only the beginning of its list, and what then. */
export interface Truncation {
  indicator: PathTo;
  /** Asks for the whole list; null: nothing can. */
  retriever: ListRetriever | null;
  /** Makes records of the items that came for one parent. */
  itemsOf: (parent: Tree, scope: Scope) => (items: readonly unknown[]) => readonly unknown[];
  /** Warns that only a part of a list is read. */
  cut: string;
  /** Warns that of a list that was fetched fewer items came than there should be. */
  short: string;
}

/** The items of the records' lists. A list that is cut short is fetched instead, once for each record that says so; without a retriever there is a warning. */
export function expanded(records: readonly unknown[], scope: Scope, { expand, truncation }: RecordExpander): Extracted {
  const embedded = (): Extracted => counted(records.flatMap((record) => expand(record, scope)));
  if (truncation === null) return embedded();
  const { retriever, cut } = truncation;
  const indicator = truncation.indicator(scope);
  const isCut = (record: unknown): record is Tree => isObject(record) && truthy(valueAt(record, indicator));
  if (!records.some(isCut)) return embedded();
  if (retriever === null) return { ...embedded(), warnings: [cut] };
  const later = (fetch: FetchList) => withWholeLists({ records, scope, indicator, isCut, expand, truncation, retriever }, fetch);
  return { records: [], count: 0, later };
}

interface Expansion {
  records: readonly unknown[];
  scope: Scope;
  indicator: readonly string[];
  isCut: (record: unknown) => record is Tree;
  expand: RecordExpander['expand'];
  truncation: Truncation;
  retriever: ListRetriever;
}

/**
 * In order; what needs no call waits for what does, or for the end. Where nothing comes for a list, what was sent of it stands for it.
 */
async function* withWholeLists(
  { records, scope, indicator, isCut, expand, truncation, retriever }: Expansion,
  fetch: FetchList,
): AsyncGenerator<Batch> {
  let waiting: unknown[] = [];
  const batch = (found: readonly unknown[], more: Partial<Batch> = {}): Batch => {
    const all = waiting.length === 0 ? found : [...waiting, ...found];
    waiting = [];
    return { ...{ records: all, count: all.length, bytes: 0, requests: 0, warnings: [] }, ...more };
  };
  const keep = (found: readonly unknown[]): void => {
    for (const item of found) waiting.push(item);
  };
  for (const record of records) {
    if (!isCut(record)) {
      keep(expand(record, scope));
      continue;
    }
    const itemsOf = truncation.itemsOf(record, scope);
    let count = 0;
    for await (const { records: items, bytes, requests, warnings = [] } of fetch(retriever, record)) {
      count += items.length;
      yield batch(itemsOf(items), { bytes, requests, warnings });
    }
    const total = totalBeside(record, indicator);
    if (total !== null && count < total) yield batch([], { warnings: [truncation.short] });
    if (count === 0) keep(expand(record, scope));
  }
  yield batch([]);
}

/** The `total_count` that stands beside the indicator; null: there is none. */
function totalBeside(parent: Tree, indicator: readonly string[]): number | null {
  const total = valueAt(parent, [...indicator.slice(0, -1), 'total_count']);
  return typeof total === 'number' && Number.isInteger(total) ? total : null;
}
