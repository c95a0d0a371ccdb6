import type { HttpResponse } from '../../contracts/http.port.js';
import type { SluiceError } from '../../errors/index.js';
import type { Scope } from '../manifest/interpolation.js';
import type { PieceDecoding } from './piece-decoding.js';

/** What an extractor looks at: the decoded bodies, or the answer itself. */
export interface Extractable {
  /** Throws SOURCE_BAD_RESPONSE. */
  bodies(): readonly unknown[];
  readonly response: Pick<HttpResponse, 'body' | 'headers'>;
  /** A SOURCE_BAD_RESPONSE that has the start of the answer as its evidence; `detail` does not quote it. */
  misshapen(detail: string): SluiceError;
}

export interface Extracted {
  /** Not yet filtered, so not all of them need be objects. */
  records: readonly unknown[];
  /** What paginators count: includes empty records that were dropped. */
  count: number;
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
}

export const bodyByBody = (extract: Extractor): Extractor => Object.assign(extract, { bodyByBody: true as const });

export const counted = (records: readonly unknown[]): Extracted => ({ records, count: records.length });
