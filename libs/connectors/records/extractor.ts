import type { HttpResponse } from '../../contracts/http.port.js';
import type { SluiceError } from '../../errors/index.js';
import type { Scope } from '../manifest/interpolation.js';
import type { Tree } from '../manifest/tree.js';
import type { PieceDecoding } from './piece-decoding.js';

/** What an extractor looks at: the decoded bodies, or the answer itself. */
export interface Extractable {
  /** Throws SOURCE_BAD_RESPONSE. */
  bodies(): readonly unknown[];
  readonly response: Pick<HttpResponse, 'body' | 'headers'>;
  /** A SOURCE_BAD_RESPONSE that has the start of the answer as its evidence; `detail` does not quote it. */
  misshapen(detail: string): SluiceError;
}

/** How the whole of a list is asked for that an answer holds a part of. The reader's own business, but for what it may not have. */
export interface ListRetriever {
  readonly partitioned: boolean;
  readonly paginationReset?: unknown;
  readonly job?: unknown;
}

/** What was asked for and came at once. */
export interface Batch {
  records: readonly unknown[];
  /** As in Extracted. */
  count: number;
  /** Of the calls that were made for it. */
  bytes: number;
  requests: number;
  /** See RecordPage. */
  warnings: readonly string[];
}

/** The pages of a list; its retriever sees the record that holds a part of it as `stream_slice['parent_record']`. */
export type FetchList = (
  list: ListRetriever,
  parent: Tree,
) => AsyncIterable<{ records: readonly unknown[]; bytes: number; requests: number; warnings?: readonly string[] }>;

export interface Extracted {
  /** Not yet filtered, so not all of them need be objects. */
  records: readonly unknown[];
  /** What paginators count: includes empty records that were dropped. */
  count: number;
  /** See RecordPage. */
  readonly warnings?: readonly string[];
  /** Calls have to be made before the records are known: it makes them, and hands the records out in order. Then there are none beside it. */
  readonly later?: (fetch: FetchList) => AsyncIterable<Batch>;
}

/** Takes the records out of an answer. Throws SOURCE_BAD_RESPONSE where it has another shape. */
export interface Extractor {
  (answer: Extractable, scope: Scope): Extracted;
  /** What it takes out of an answer is what it takes out of its bodies, one by one. */
  readonly bodyByBody?: true;
  /** It reads the body itself, and can do so as it arrives: the values are the records. */
  readonly inPieces?: PieceDecoding;
  /** There where it does nothing but take the items of the list that these steps lead to. */
  readonly path?: (scope: Scope) => readonly string[];
  /** Its records may hold lists of which the whole has to be fetched (Extracted.later). */
  readonly fetchesLists?: true;
}

export const bodyByBody = (extract: Extractor): Extractor => Object.assign(extract, { bodyByBody: true as const });

export const counted = (records: readonly unknown[]): Extracted => ({ records, count: records.length });

/** Whatever an extractor found, with the calls that it takes. */
export async function* batchesOf(extracted: Extracted, fetch: FetchList): AsyncGenerator<Batch> {
  if (extracted.later !== undefined) yield* extracted.later(fetch);
  else yield { records: extracted.records, count: extracted.count, bytes: 0, requests: 0, warnings: extracted.warnings ?? [] };
}
