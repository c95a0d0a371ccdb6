import { parseJson } from './parse-json.js';

/** Numbers per field of a record in `JsonRows.fields`. */
export const FIELD_SIZE = 3;
/** Bits of a field's first number below its name's: what a value needs beyond being copied. */
export const HAS_ESCAPES = 1;
/** Numbers with an exponent or of more than 1,000 characters, line ends between tokens, or deep nesting, inside the value or as it. */
export const IS_IRREGULAR = 2;
export const NAME_SHIFT = 2;

const QUOTE = 0x22;

/**
 * The records of a JSON text, found and checked but not parsed: valid JSON in valid UTF-8, each record an object whose names have no escapes and come
 * once. Who copies values verbatim reads `fields`; who wants values asks for them.
 */
export class JsonRows {
  private readonly numbers: ReadonlyMap<string, number>;

  constructor(
    /** The text's bytes. Not to be changed. */
    readonly body: Buffer,
    /** Names of fields, by number. */
    readonly names: readonly string[],
    /** Of the record n: from `first[n]` to `first[n + 1]` in `fields`; one more than there are records. */
    readonly first: Int32Array,
    /** Three numbers a field, in the records' order: its name's number with flags, and from where to where its value stands in `body`. */
    readonly fields: Int32Array,
    /** From where to where each record stands in `body`, two numbers a record. */
    readonly places: Int32Array,
    private readonly keepsFloats: boolean,
  ) {
    this.numbers = new Map(names.map((name, number) => [name, number]));
  }

  get length(): number {
    return this.first.length - 1;
  }

  record(row: number): Record<string, unknown> {
    const text = this.body.subarray(this.places[2 * row], this.places[2 * row + 1]);
    return parseJson(text, { keepsFloats: this.keepsFloats }) as Record<string, unknown>;
  }

  records(): Record<string, unknown>[] {
    return Array.from({ length: this.length }, (_, row) => this.record(row));
  }

  /** A field of every record: its place in `fields`, -1 where the record does not have it. */
  column(name: string): Int32Array {
    const places = new Int32Array(this.length).fill(-1);
    const number = this.numbers.get(name);
    if (number === undefined) return places;
    const { first, fields } = this;
    let before = 0;
    for (let row = 0; row < places.length; row++) {
      const start = first[row] as number;
      const end = first[row + 1] as number;
      // Mostly where it stood in the record before.
      let at = start + before;
      if (!(at < end && (fields[at] as number) >> NAME_SHIFT === number)) {
        for (at = start; at < end && (fields[at] as number) >> NAME_SHIFT !== number;) at += FIELD_SIZE;
        if (at >= end) continue;
        before = at - start;
      }
      places[row] = at;
    }
    return places;
  }

  /** The value at a place in `fields`, as it is in the parsed record. */
  value(place: number): unknown {
    const [start, end] = [this.fields[place + 1] as number, this.fields[place + 2] as number];
    const isPlain = this.body[start] === QUOTE && ((this.fields[place] as number) & HAS_ESCAPES) === 0;
    if (isPlain) return this.body.toString('utf8', start + 1, end - 1);
    return parseJson(this.body.subarray(start, end), { keepsFloats: this.keepsFloats });
  }

  /** Whether two places in `fields` hold the same text. */
  same(one: number, other: number): boolean {
    const { body, fields } = this;
    const start = fields[one + 1] as number;
    const shift = (fields[other + 1] as number) - start;
    const end = fields[one + 2] as number;
    if ((fields[other + 2] as number) - shift !== end) return false;
    // From behind: times and ids differ in their ends.
    for (let at = end - 1; at >= start; at--) if (body[at] !== body[at + shift]) return false;
    return true;
  }
}
