import { FIELD_SIZE, NAME_SHIFT, type JsonRows } from '../../json/index.js';
import type { ContractWatch } from '../../typing/index.js';
import { MAX_KEY_BYTES, NUMBER_TEXT, type Encoder, type EncoderOptions, type Reject } from './encoder.js';
import { Frames } from './frames.js';
import { verbatimOf, type Verbatim } from './verbatim.js';

/** As FrameEncoder, for records that nobody has parsed. */
export type RowsEncoder = (rows: JsonRows, rejects: Reject[], first: number) => Buffer | null;

const QUOTE = 0x22;
/** The first letter of null: no other value has it. */
const LETTER_N = 0x6e;
const TAB = 0x09;
const LINE_END = 0x0a;
/** Of a column: `\N` and what ends it. */
const LEAST_BYTES = 3;
/** Digits of a line's number, with room. */
const NUMBER_BYTES = 24;

/**
 * From the JSON text to COPY text without an object or a string: the bytes of a value that fits its column are copied. Numbers keep their digits so, and
 * nothing is left for the garbage collector. A record that has anything else is parsed and goes to `encode`, whose decisions are the only ones: this one
 * only says "fits". 1 µs for 12 columns, where parsing and encoding takes 6.
 */
export function rowsEncoder(
  options: EncoderOptions & { watch: ContractWatch },
  encode: Encoder,
  frames: Frames = new Frames(),
): RowsEncoder {
  const { columns, watch, required = [], requiredCursor, numberText = null, numbered = false } = options;
  // Where objects are taken apart each value has to be looked at.
  const isPlain = !watch.flattens && columns.length > 0 && columns.every(({ path }) => path.length === 1);
  const indexed = requiredCursor === undefined ? required : [...required, requiredCursor];
  const keyBytes = Math.floor(MAX_KEY_BYTES / Math.max(1, indexed.length));
  const writers = columns.map((column) => {
    const [field = ''] = column.path;
    const written = verbatimOf(column);
    return guarded(written, { short: indexed.includes(field) ? keyBytes : null, number: field === numberText });
  });
  const isRequired = columns.map(({ path: [field = ''] }) => indexed.includes(field));
  const fields = new Map(columns.map(({ path: [field = ''] }, n) => [field, n]));
  const places = new Int32Array(columns.length);

  return (rows, rejects, first) => {
    const { body, names, first: firstOf, fields: found } = rows;
    const columnOf = Int32Array.from(names, (name) => fields.get(name) ?? -1);
    const to = frames.begin();

    const copied = (row: number): boolean => {
      const start = firstOf[row] as number;
      const end = firstOf[row + 1] as number;
      let discarded = 0;
      let size = NUMBER_BYTES + LEAST_BYTES * places.length;
      places.fill(-1);
      for (let at = start; at < end; at += FIELD_SIZE) {
        const column = columnOf[(found[at] as number) >> NAME_SHIFT] as number;
        if (column >= 0) {
          places[column] = at;
          size += 2 * ((found[at + 2] as number) - (found[at + 1] as number));
        } else if (watch.watchesFields) {
          const isNull = body[found[at + 1] as number] === LETTER_N;
          if (!watch.passesOver(isNull)) return false;
          if (!isNull) discarded += 1;
        }
      }
      to.reserve(size);
      for (let column = 0; column < places.length; column++) {
        if (column > 0) to.byte(TAB);
        const at = places[column] as number;
        const from = at < 0 ? 0 : (found[at + 1] as number);
        if (at < 0 || body[from] === LETTER_N) {
          if (isRequired[column] === true) return false;
          to.null();
          continue;
        }
        const flags = (found[at] as number) & ((1 << NAME_SHIFT) - 1);
        if (!(writers[column] as Verbatim)(to, body, from, found[at + 2] as number, flags)) return false;
      }
      if (numbered) {
        to.byte(TAB);
        to.integer(first + row);
      }
      to.byte(LINE_END);
      watch.discarded += discarded;
      return true;
    };

    for (let row = 0; row < rows.length; row++) {
      const before = to.end;
      if (isPlain && copied(row)) continue;
      to.end = before;
      to.text(encode([rows.record(row)], rejects, first + row));
    }
    return frames.finish(to);
  };
}

const never: Verbatim = () => false;

/** Fields of the key must not be too long for an index; a cursor that is compared as a number must be one. */
function guarded(write: Verbatim | null, { short, number }: { short: number | null; number: boolean }): Verbatim {
  if (write === null) return never;
  if (short === null && !number) return write;
  return (to, from, start, end, flags) => {
    if (short !== null && from[start] === QUOTE && end - start > short) return false;
    if (number && from[start] === QUOTE && !NUMBER_TEXT.test(from.toString('latin1', start + 1, end - 1))) return false;
    if (number && from[start] !== QUOTE && (from[start] as number) > 0x39) return false;
    return write(to, from, start, end, flags);
  };
}
