import { isUtf8 } from 'node:buffer';
import { FIELD_SIZE, HAS_ESCAPES, IS_IRREGULAR, JsonRows, NAME_SHIFT } from './json-rows.js';
import { NOT_JSON, ValueScanner } from './scan-value.js';

/** Names that one text may use: beyond, they are ids, and every record has its own. */
const MAX_NAMES = 2_000;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

export interface FoundRows {
  rows: JsonRows;
  /** Where the list of records stands in the text. */
  list: { start: number; end: number };
}

/**
 * The records in the list that a path of names leads to (none: the text is the list). null: the text is not so simple — it is no JSON or no UTF-8, there is
 * no such list, it holds anything but objects, names have escapes or come twice. Then whoever parses it says what it is. Pure.
 */
export function scanRows(
  body: Buffer,
  path: readonly string[],
  { keepsFloats = false }: { keepsFloats?: boolean } = {},
): FoundRows | null {
  if (!isUtf8(body)) return null;
  const scanner = new RowScanner(body);
  const end = scanner.space(scanner.document(scanner.space(0), path, 0));
  if (end !== body.length || scanner.list === null) return null;
  return { rows: scanner.rows(keepsFloats), list: scanner.list };
}

/** As ValueScanner, all positions are offsets, and NOT_JSON (which every step hands on) means that the text is not what is looked for. */
class RowScanner extends ValueScanner {
  list: { start: number; end: number } | null = null;
  private readonly names: string[] = [];
  private readonly known = new Map<string, number>();
  /** Where each name first stood, to compare with. */
  private readonly nameStart: number[] = [];
  private readonly nameEnd: number[] = [];
  /** By a name's number + 1 (0: at the beginning): which one came next the last time. */
  private readonly next: number[] = [-1];
  /** By a name's number: in which record it came last. */
  private readonly lastIn: number[] = [];
  private fields: Int32Array<ArrayBuffer>;
  private size = 0;
  private first = new Int32Array(1_025);
  private places = new Int32Array(2_048);
  private count = 0;

  constructor(body: Buffer) {
    super(body);
    // A field in 24 bytes: shorter ones make it grow.
    this.fields = new Int32Array(Math.max(1_024, body.length >> 3));
  }

  rows(keepsFloats: boolean): JsonRows {
    const { body, names, count } = this;
    this.first[count] = this.size;
    return new JsonRows(
      body,
      names,
      this.first.subarray(0, count + 1),
      this.fields.subarray(0, this.size),
      this.places.subarray(0, 2 * count),
      keepsFloats,
    );
  }

  /** Goes to the list, and past everything around it. */
  document(at: number, path: readonly string[], depth: number): number {
    const { body } = this;
    if (depth === path.length) {
      const start = at;
      const end = this.records(at, path.length === 0);
      if (end >= 0) this.list = { start, end };
      return end;
    }
    if (body[at] !== OPEN_OBJECT) return NOT_JSON;
    const wanted = Buffer.from(`"${path[depth]}"`);
    at = this.space(at + 1);
    if (body[at] === CLOSE_OBJECT) return at + 1;
    for (;;) {
      if (body[at] !== QUOTE) return NOT_JSON;
      this.flags = 0;
      const nameEnd = this.string(at);
      // A name with escapes may be the wanted one.
      if (nameEnd < 0 || this.flags !== 0) return NOT_JSON;
      const isWanted = nameEnd - at === wanted.length && body.compare(wanted, 0, wanted.length, at, nameEnd) === 0;
      at = this.space(nameEnd);
      if (body[at] !== COLON) return NOT_JSON;
      at = this.space(at + 1);
      // Of a name that comes twice the last one counts.
      if (isWanted && this.list !== null) return NOT_JSON;
      at = isWanted ? this.document(at, path, depth + 1) : this.value(at, 0);
      if (at < 0 || (isWanted && this.list === null)) return NOT_JSON;
      at = this.space(at);
      const code = body[at++];
      if (code === CLOSE_OBJECT) return at;
      if (code !== COMMA) return NOT_JSON;
      at = this.space(at);
    }
  }

  private records(at: number, filled: boolean): number {
    const { body } = this;
    if (body[at] !== OPEN_LIST) return NOT_JSON;
    at = this.space(at + 1);
    if (body[at] === CLOSE_LIST) return at + 1;
    for (;;) {
      if (body[at] !== OPEN_OBJECT) return NOT_JSON;
      const start = at;
      at = this.record(at);
      if (at < 0 || (filled && this.size === this.first[this.count])) return NOT_JSON;
      this.place(start, at);
      at = this.space(at);
      const code = body[at++];
      if (code === CLOSE_LIST) return at;
      if (code !== COMMA) return NOT_JSON;
      at = this.space(at);
    }
  }

  private record(at: number): number {
    const { body, next, lastIn, count } = this;
    if (count + 1 >= this.first.length) this.first = larger(this.first);
    this.first[count] = this.size;
    at = this.space(at + 1);
    if (body[at] === CLOSE_OBJECT) return at + 1;
    let before = 0;
    for (;;) {
      if (body[at] !== QUOTE) return NOT_JSON;
      let name = next[before] as number;
      if (name >= 0 && this.isName(at + 1, name)) at += 2 + (this.nameEnd[name] as number) - (this.nameStart[name] as number);
      else {
        const start = at;
        this.flags = 0;
        at = this.string(at);
        if (at < 0 || this.flags !== 0) return NOT_JSON;
        name = this.numberOf(start + 1, at - 1);
        if (name < 0) return NOT_JSON;
        next[before] = name;
      }
      if (lastIn[name] === count) return NOT_JSON;
      lastIn[name] = count;
      before = name + 1;
      at = this.space(at);
      if (body[at] !== COLON) return NOT_JSON;
      at = this.space(at + 1);
      const start = at;
      this.flags = 0;
      at = this.value(at, 0);
      if (at < 0) return NOT_JSON;
      this.add((name << NAME_SHIFT) | (this.flags & (HAS_ESCAPES | IS_IRREGULAR)), start, at);
      at = this.space(at);
      const code = body[at++];
      if (code === CLOSE_OBJECT) return at;
      if (code !== COMMA) return NOT_JSON;
      at = this.space(at);
    }
  }

  private isName(at: number, name: number): boolean {
    const { body } = this;
    const start = this.nameStart[name] as number;
    const end = this.nameEnd[name] as number;
    if (body[at + end - start] !== QUOTE) return false;
    for (let n = start; n < end; n++) if (body[n] !== body[at + n - start]) return false;
    return true;
  }

  /** -1: there are too many names, or it is one that objects treat in their own way. */
  private numberOf(start: number, end: number): number {
    const key = this.body.toString('latin1', start, end);
    const known = this.known.get(key);
    if (known !== undefined) return known;
    if (key === '__proto__' || this.names.length >= MAX_NAMES) return -1;
    const number = this.names.push(this.body.toString('utf8', start, end)) - 1;
    this.known.set(key, number);
    this.nameStart.push(start);
    this.nameEnd.push(end);
    this.next.push(-1);
    this.lastIn.push(-1);
    return number;
  }

  private add(name: number, start: number, end: number): void {
    if (this.size + FIELD_SIZE > this.fields.length) this.fields = larger(this.fields);
    const { fields, size } = this;
    fields[size] = name;
    fields[size + 1] = start;
    fields[size + 2] = end;
    this.size = size + FIELD_SIZE;
  }

  private place(start: number, end: number): void {
    if (2 * this.count + 2 > this.places.length) this.places = larger(this.places);
    this.places[2 * this.count] = start;
    this.places[2 * this.count + 1] = end;
    this.count += 1;
  }
}

function larger(numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(numbers.length * 2);
  copy.set(numbers);
  return copy;
}
