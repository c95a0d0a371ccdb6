import { decodeValue, rowDecoder, type LineField, type RowDecoder } from './decode-rows.js';
import { FRAME_BYTES } from './frame.js';

const TAB = 0x09;
const LINE_END = 0x0a;

/** What lines of COPY text are made of. One object for all pages of a reading, so that what is compiled for it is compiled once. */
export interface LineFormat {
  fields: readonly LineField[];
  decode: RowDecoder;
}

export const lineFormat = (fields: readonly LineField[]): LineFormat => ({ fields, decode: rowDecoder(fields) });

/**
 * Rows of COPY text as a server wrote them, that nobody has decoded: UTF-8, ISO dates, times in UTC. Who copies values verbatim reads `places`; who wants values
 * asks for them.
 */
export class CopyLines {
  private found: Int32Array | undefined;

  constructor(
    /** One CopyData message a row, none of them cut. Not to be changed. */
    readonly body: Buffer,
    /** How many. */
    readonly length: number,
    readonly format: LineFormat,
  ) {}

  /** Numbers a row in `places`: one a field, and one more. */
  get size(): number {
    return this.format.fields.length + 1;
  }

  /** Where fields begin in `body`; behind a row's last one where the row has ended. Between two of a row is one byte: a tab, or the line's end. */
  get places(): Int32Array {
    return (this.found ??= this.find());
  }

  record(row: number): Record<string, unknown> {
    return this.records(row, row + 1)[0] as Record<string, unknown>;
  }

  /** From one row to before another one. */
  records(from = 0, to = this.length): Record<string, unknown>[] {
    return this.format.decode(this.body.subarray(this.startOf(from), this.startOf(to)));
  }

  /** A field of every record: its place in `places`, -1 where there is no such field. */
  column(name: string): Int32Array {
    const index = this.format.fields.findIndex((field) => field.name === name);
    return Int32Array.from({ length: this.length }, (_, row) => (index < 0 ? -1 : row * this.size + index));
  }

  /** The value at a place in `places`, as it is in the record. */
  value(place: number): unknown {
    const { decoding } = this.format.fields[place % this.size] as LineField;
    return decodeValue(decoding, this.body.toString('utf8', this.places[place], (this.places[place + 1] as number) - 1));
  }

  /** Whether two places in `places` hold the same text. */
  same(one: number, other: number): boolean {
    const { body, places } = this;
    const start = places[one] as number;
    const shift = (places[other] as number) - start;
    const end = places[one + 1] as number;
    if ((places[other + 1] as number) - shift !== end) return false;
    // From behind: times and ids differ in their ends.
    for (let at = end - 1; at >= start; at--) if (body[at] !== body[at + shift]) return false;
    return true;
  }

  /** Of a row's frame. */
  private startOf(row: number): number {
    return row === 0 ? 0 : (this.places[row * this.size - 1] as number);
  }

  private find(): Int32Array {
    const { body, length, size } = this;
    const places = new Int32Array(length * size);
    let at = 0;
    for (let n = 0; n < places.length;) {
      at += FRAME_BYTES;
      places[n++] = at;
      for (let code = body[at]; code !== LINE_END; code = body[++at]) if (code === TAB) places[n++] = at + 1;
      at += 1;
      places[n++] = at;
    }
    return places;
  }
}
