import type { SourceRecord } from '../../contracts/stream.js';
import { fittingChildren } from '../children/fit-records.js';
import type { Reject, RowEncoder } from './row-encoder.js';

/** The rows of the records that can be loaded, as texts in the order of the columns; the others are pushed to `rejects`. */
export type PageEncoder = (records: readonly SourceRecord[], rejects: Reject[]) => (string | null)[][];

/** Where lists become tables every list is looked at first. */
export function pageEncoder(encode: RowEncoder, fitting: Parameters<typeof fittingChildren>[1]): PageEncoder {
  const all: PageEncoder = (records, rejects) =>
    records.flatMap((record) => {
      const row = encode(record, rejects);
      return row === null ? [] : [row];
    });
  if (fitting.children.length === 0) return all;
  const fitted = fittingChildren(all, fitting);
  return (records, rejects) => fitted(records, rejects, 0) ?? [];
}
