import type { CopyLines, Decoding, LineFormat } from '../../copy-text/index.js';
import type { ContractWatch } from '../../typing/index.js';
import type { CopyBytes } from './copy-bytes.js';
import type { FrameEncoder } from './copy-frame.js';
import { MAX_KEY_BYTES, NUMBER_TEXT, type Encoder, type EncoderOptions, type Reject } from './encoder.js';
import { Frames } from './frames.js';
import { isJsonNull, isNumberFrom, lineValueOf, MOST_ADDED, type LineValue } from './line-value.js';

/** As FrameEncoder, for lines that nobody has decoded. `lines`: the bytes are one message; else they are the source's own, one a row. */
export type LinesEncoder = (lines: CopyLines, rejects: Reject[], first: number) => { bytes: Buffer; lines: boolean } | null;

export interface RecordEncoders {
  encode: Encoder;
  frame: FrameEncoder;
}

const BACKSLASH = 0x5c;
const LETTER_N = 0x4e;
const TAB = 0x09;
const LINE_END = 0x0a;
/** Digits of a line's number, with room. */
const NUMBER_BYTES = 24;
/** Records that are decoded at a time where some do not fit. */
const ROWS_TOGETHER = 32;

/** Columns that stand side by side in the line, in the same order, and are copied together; or one that is written in another way, or that is always NULL. */
type Part = { kind: 'copy'; from: number; to: number } | { kind: 'write'; at: number; value: LineValue } | { kind: 'null' };

interface Plan {
  /** A column's place in a line; -1: it is not there. */
  at: readonly number[];
  values: readonly LineValue[];
  required: readonly boolean[];
  /** Places of fields without a column. */
  extra: readonly number[];
  /** By place. */
  isJson: readonly boolean[];
  /** Lines have just these columns: they need not even be copied. */
  whole: boolean;
  parts: readonly Part[];
}

/**
 * From one server's COPY text to another's, without an object or a string: a line of which every value fits its column is copied, in as few pieces as there are, or sent
 * in the frame in which it came. A record that has anything else is decoded and goes to `encode`, whose decisions are the only ones: this one only says "fits".
 */
export function linesEncoder(
  options: EncoderOptions & { watch: ContractWatch },
  { encode, frame }: RecordEncoders,
  frames: Frames = new Frames(),
): LinesEncoder {
  const { watch, numbered = false } = options;
  let format: LineFormat | undefined;
  let plan: Plan | null = null;
  let fit = new Uint8Array(0);

  /** Which rows fit; returns how many. */
  const look = (lines: CopyLines, { at, values, required, extra, isJson }: Plan): number => {
    const { body, places, size, length } = lines;
    if (fit.length < length) fit = new Uint8Array(length * 2);
    let all = 0;
    const fits = (row: number): boolean => {
      const base = row * size;
      let discarded = 0;
      for (const place of extra) {
        const start = places[base + place] as number;
        const isEmpty =
          isNull(body, start, (places[base + place + 1] as number) - 1) || (isJson[place] === true && isJsonNull(body, start));
        if (!watch.passesOver(isEmpty)) return false;
        if (!isEmpty) discarded += 1;
      }
      for (let column = 0; column < at.length; column++) {
        const place = at[column] as number;
        const start = place < 0 ? 0 : (places[base + place] as number);
        const end = place < 0 ? 0 : (places[base + place + 1] as number) - 1;
        if (place < 0 || isNull(body, start, end)) {
          if (required[column] === true) return false;
        } else if (!(values[column] as LineValue).fits(body, start, end)) return false;
      }
      watch.discarded += discarded;
      return true;
    };
    for (let row = 0; row < length; row++) all += fit[row] = fits(row) ? 1 : 0;
    return all;
  };

  const copy = (to: CopyBytes, { body, places, size }: CopyLines, row: number, parts: readonly Part[]): void => {
    const base = row * size;
    to.reserve(
      2 * ((places[base + size - 1] as number) - (places[base] as number)) + MOST_ADDED * (parts.length + 1) + NUMBER_BYTES,
    );
    for (let n = 0; n < parts.length; n++) {
      if (n > 0) to.byte(TAB);
      const part = parts[n] as Part;
      if (part.kind === 'copy') to.copy(body, places[base + part.from] as number, (places[base + part.to] as number) - 1);
      else if (part.kind === 'null') to.null();
      else {
        const start = places[base + part.at] as number;
        const end = (places[base + part.at + 1] as number) - 1;
        if (part.value.write === undefined || isNull(body, start, end)) to.copy(body, start, end);
        else part.value.write(to, body, start, end);
      }
    }
  };

  return (lines, rejects, first) => {
    if (lines.format !== format) {
      format = lines.format;
      plan = planOf(format, options);
    }
    if (plan === null) {
      const bytes = frame(lines.records(), rejects, first);
      return bytes && { bytes, lines: true };
    }
    const { length } = lines;
    if (look(lines, plan) === length && plan.whole) return length === 0 ? null : { bytes: lines.body, lines: false };
    const to = frames.begin();
    for (let row = 0; row < length;) {
      if (fit[row] === 1) {
        copy(to, lines, row, plan.parts);
        if (numbered) {
          to.byte(TAB);
          to.integer(first + row);
        }
        to.byte(LINE_END);
        row += 1;
        continue;
      }
      const from = row;
      while (row < length && row - from < ROWS_TOGETHER && fit[row] === 0) row += 1;
      to.text(encode(lines.records(from, row), rejects, first + from));
    }
    const bytes = frames.finish(to);
    return bytes && { bytes, lines: true };
  };
}

const isNull = (from: Buffer, start: number, end: number): boolean =>
  end - start === 2 && from[start] === BACKSLASH && from[start + 1] === LETTER_N;

/** null: there is a column whose values have to be looked at in the record. */
function planOf({ fields }: LineFormat, options: EncoderOptions & { watch: ContractWatch }): Plan | null {
  const { columns, watch, required = [], requiredCursor, numberText = null, numbered = false } = options;
  // Where objects are taken apart each value has to be looked at.
  if (watch.flattens || columns.length === 0 || columns.some(({ path }) => path.length !== 1)) return null;
  const indexed = requiredCursor === undefined ? required : [...required, requiredCursor];
  if (indexed.some((field) => !columns.some(({ path }) => path[0] === field))) return null;
  const keyBytes = Math.floor(MAX_KEY_BYTES / Math.max(1, indexed.length));
  const at = columns.map(({ path: [field] }) => fields.findIndex(({ name }) => name === field));
  const values: LineValue[] = [];
  for (const [n, column] of columns.entries()) {
    const source = fields[at[n] as number];
    const value = source === undefined ? { fits: () => true } : lineValueOf(source.decoding, column);
    if (value === null) return null;
    const [field = ''] = column.path;
    values.push(
      guarded(value, {
        short: indexed.includes(field) ? keyBytes : null,
        numeric: field === numberText ? (source?.decoding ?? null) : null,
      }),
    );
  }
  const parts: Part[] = [];
  for (const [n, place] of at.entries()) {
    const last = parts.at(-1);
    const value = values[n] as LineValue;
    if (place < 0) parts.push({ kind: 'null' });
    else if (value.write !== undefined) parts.push({ kind: 'write', at: place, value });
    else if (last?.kind === 'copy' && last.to === place) last.to += 1;
    else parts.push({ kind: 'copy', from: place, to: place + 1 });
  }
  const [only] = parts;
  return {
    at,
    values,
    required: columns.map(({ path: [field = ''] }) => indexed.includes(field)),
    extra: watch.watchesFields ? [...fields.keys()].filter((index) => !at.includes(index)) : [],
    isJson: fields.map(({ decoding }) => decoding === 'jsonb' || decoding === 'json'),
    whole: !numbered && parts.length === 1 && only?.kind === 'copy' && only.from === 0 && only.to === fields.length,
    parts,
  };
}

const NUMBERS: ReadonlySet<Decoding> = new Set(['integer', 'decimal', 'float']);

/** Fields of the key must not be too long for an index; a cursor that is compared as a number must be one. */
function guarded(value: LineValue, { short, numeric }: { short: number | null; numeric: Decoding | null }): LineValue {
  if (short === null && numeric === null) return value;
  const isNumber =
    numeric !== null && NUMBERS.has(numeric)
      ? isNumberFrom
      : (from: Buffer, start: number, end: number) => NUMBER_TEXT.test(from.toString('latin1', start, end));
  return {
    ...value,
    fits: (from, start, end) =>
      (short === null || end - start <= short) &&
      (numeric === null || isNumber(from, start, end)) &&
      value.fits(from, start, end),
  };
}
