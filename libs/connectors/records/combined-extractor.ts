import { truthy } from '../template/values.js';
import { batchesOf, type Batch, type Extracted, type Extractor, type FetchList } from './extractor.js';

interface Combination {
  mode: 'union' | 'first_match';
  /** Empty records are dropped, and counted. */
  skip: boolean;
}

/** Several extractors over one answer: what all find, or what the first one finds that finds something. Pure. */
export function combinedExtractor(parts: readonly Extractor[], { mode, skip }: Combination): Extractor {
  const combine = mode === 'union' ? union : firstMatch;
  const extract: Extractor = (answer, scope) => combine(parts.map((part) => () => filled(part(answer, scope), skip)));
  return parts.some(({ fetchesLists }) => fetchesLists) ? Object.assign(extract, { fetchesLists: true as const }) : extract;
}

function filled(extracted: Extracted, skip: boolean): Extracted {
  const { records, later } = extracted;
  if (!skip) return extracted;
  if (later === undefined) return { ...extracted, records: records.filter(truthy) };
  return {
    ...extracted,
    async *later(fetch) {
      for await (const batch of later(fetch)) yield { ...batch, records: batch.records.filter(truthy) };
    },
  };
}

type Parts = readonly (() => Extracted)[];
const none: Extracted = { records: [], count: 0 };

function union(parts: Parts): Extracted {
  const all = parts.map((part) => part());
  if (all.some(({ later }) => later !== undefined)) {
    const later = async function* (fetch: FetchList): AsyncGenerator<Batch> {
      for (const one of all) yield* batchesOf(one, fetch);
    };
    return { ...none, later };
  }
  return {
    records: all.flatMap(({ records }) => records),
    count: all.reduce((sum, { count }) => sum + count, 0),
    warnings: all.flatMap(({ warnings = [] }) => warnings),
  };
}

function firstMatch(parts: Parts): Extracted {
  const [first, ...others] = parts;
  if (first === undefined) return none;
  const found = first();
  if (found.later === undefined) return found.records.length > 0 ? found : firstMatch(others);
  const later = async function* (fetch: FetchList): AsyncGenerator<Batch> {
    let matched = false;
    for await (const batch of batchesOf(found, fetch)) {
      matched ||= batch.records.length > 0;
      // Calls were made and warnings given, whoever finds something in the end.
      yield matched ? batch : { ...batch, count: 0 };
    }
    if (!matched) yield* batchesOf(firstMatch(others), fetch);
  };
  return { ...none, later };
}
