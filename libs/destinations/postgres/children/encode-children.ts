import { fittingChildren } from '../../children/fit-records.js';
import type { FrameEncoder } from '../copy-frame.js';
import type { LinesEncoder } from '../lines-encoder.js';
import type { RowsEncoder } from '../rows-encoder.js';

interface Encoders {
  encode: FrameEncoder;
  encodeRows: RowsEncoder;
  encodeLines: LinesEncoder;
}

/** Encoders of every kind of page for records whose lists become tables: every list is looked at, so records are parsed. */
export function childEncoders(encode: FrameEncoder, options: Parameters<typeof fittingChildren>[1]): Encoders {
  const fitted = fittingChildren(encode, options);
  return {
    encode: fitted,
    encodeRows: (rows, rejects, first) => fitted(rows.records(), rejects, first),
    encodeLines: (lines, rejects, first) => {
      const bytes = fitted(lines.records(), rejects, first);
      return bytes === null ? null : { bytes, lines: true };
    },
  };
}
