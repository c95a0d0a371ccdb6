import { FIELD_SIZE, type JsonRows } from '../../../libs/json/index.js';
import { recordFrame, recordLines } from './protocol.js';

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const COMMA = 0x2c;
/** The first letter of null: no other value has it. */
const LETTER_N = 0x6e;

/**
 * As recordLines, for records that nobody has parsed: their text is copied as the source sent it, without the null fields of the top level. 0.3 µs for a
 * record of 300 bytes, where parsing and writing it takes 4; strings instead of bytes take twice as long. A text that is spread over lines is parsed.
 * Pure.
 */
export function rowLines(stream: string, rows: JsonRows, now: number): string | Buffer {
  const { body, places } = rows;
  if (body.includes(LINE_FEED) || body.includes(CARRIAGE_RETURN)) return recordLines(stream, rows.records(), now);
  const frame = recordFrame(stream, now);
  const head = Buffer.from(`${frame.head}{`);
  const tail = Buffer.from(`}${frame.tail}`);
  const lines = Buffer.allocUnsafeSlow(body.length + rows.length * (head.length + tail.length));
  let to = 0;
  for (let row = 0; row < rows.length; row++) {
    to += head.copy(lines, to);
    // Behind the brace.
    const start = (places[2 * row] as number) + 1;
    to = copyFields(rows, { row, start, lines, to });
    to += tail.copy(lines, to);
  }
  return lines.subarray(0, to);
}

interface Copying {
  row: number;
  /** Where the record's first field begins, or the space before it. */
  start: number;
  lines: Buffer;
  to: number;
}

/** Neighbours are copied together. Returns where the text ends in `lines`. */
function copyFields({ body, first, fields }: JsonRows, { row, start, lines, to }: Copying): number {
  const begin = to;
  const end = first[row + 1] as number;
  // Of the neighbours that are not copied yet; without an end there are none.
  let from = start;
  let upTo = -1;
  for (let at = first[row] as number; at < end; at += FIELD_SIZE) {
    const valueEnd = fields[at + 2] as number;
    if (body[fields[at + 1] as number] !== LETTER_N) {
      upTo = valueEnd;
      continue;
    }
    if (upTo >= 0) {
      if (to > begin) lines[to++] = COMMA;
      to += body.copy(lines, to, from, upTo);
      upTo = -1;
    }
    from = valueEnd;
    if (at + FIELD_SIZE < end) while (body[from++] !== COMMA);
  }
  if (upTo < 0) return to;
  if (to > begin) lines[to++] = COMMA;
  return to + body.copy(lines, to, from, upTo);
}
