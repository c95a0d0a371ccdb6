/** Where COPY text is put together, byte by byte: whoever writes sees to it (`reserve`) that there is room. */
export class CopyBytes {
  end: number;

  /** `head`: bytes to leave free at the beginning. */
  constructor(
    public bytes: Buffer,
    head: number,
  ) {
    this.end = head;
  }

  reserve(size: number): void {
    if (this.end + size <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.end + size, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.end);
    this.bytes = larger;
  }

  text(lines: string): void {
    this.reserve(lines.length * WIDEST);
    this.end += this.bytes.write(lines, this.end);
  }

  copy(from: Buffer, start: number, end: number): void {
    const { bytes } = this;
    let to = this.end;
    // A call costs what copying so many bytes does.
    if (end - start > 160) to += from.copy(bytes, to, start, end);
    else while (start < end) bytes[to++] = from[start++] as number;
    this.end = to;
  }

  byte(code: number): void {
    this.bytes[this.end++] = code;
  }

  null(): void {
    this.byte(BACKSLASH);
    this.byte(0x4e);
  }

  integer(value: number): void {
    if (value >= 10) this.integer(Math.floor(value / 10));
    this.byte(0x30 + (value % 10));
  }

  /** JSON text with escapes, in COPY text. false: it holds a NUL or half a surrogate pair, which jsonb refuses. */
  escapedJson(from: Buffer, start: number, end: number): boolean {
    for (let at = start; at < end; at++) {
      const code = from[at] as number;
      this.byte(code);
      if (code !== BACKSLASH) continue;
      const size = from[at + 1] === LETTER_U ? escapeSize(from, at) : 2;
      if (size < 0) return false;
      this.byte(BACKSLASH);
      // Nothing in the escape but its first byte is special, unless it is a backslash: of a pair, both have one.
      for (let n = 1; n < size; n++) {
        const inner = from[at + n] as number;
        if (inner === BACKSLASH) this.byte(BACKSLASH);
        this.byte(inner);
      }
      at += size - 1;
    }
    return true;
  }

  /** The inside of a JSON string with escapes, decoded, in COPY text. false: it holds a NUL or half a surrogate pair. */
  unescaped(from: Buffer, start: number, end: number): boolean {
    for (let at = start; at < end; at++) {
      const code = from[at] as number;
      if (code !== BACKSLASH) {
        this.byte(code);
        continue;
      }
      const escaped = from[++at] as number;
      switch (escaped) {
        case QUOTE:
        case SLASH:
          this.byte(escaped);
          break;
        case LETTER_U: {
          const size = escapeSize(from, at - 1);
          if (size < 0) return false;
          this.character(
            size === PAIR ? 0x10000 + ((hex(from, at + 1) & 0x3ff) << 10) + (hex(from, at + 7) & 0x3ff) : hex(from, at + 1),
          );
          at += size - 2;
          break;
        }
        default:
          // COPY has the same letters for the rest.
          this.byte(BACKSLASH);
          this.byte(escaped);
      }
    }
    return true;
  }

  /** UTF-8. */
  private character(code: number): void {
    if (code < 0x80) {
      const letter = code === 0x09 ? 0x74 : code === 0x0a ? 0x6e : code === 0x0d ? 0x72 : code === BACKSLASH ? code : 0;
      if (letter !== 0) this.byte(BACKSLASH);
      this.byte(letter || code);
    } else if (code < 0x800) {
      this.byte(0xc0 | (code >> 6));
      this.byte(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
      this.byte(0xe0 | (code >> 12));
      this.byte(0x80 | ((code >> 6) & 0x3f));
      this.byte(0x80 | (code & 0x3f));
    } else {
      this.byte(0xf0 | (code >> 18));
      this.byte(0x80 | ((code >> 12) & 0x3f));
      this.byte(0x80 | ((code >> 6) & 0x3f));
      this.byte(0x80 | (code & 0x3f));
    }
  }
}

/** UTF-8 bytes of a UTF-16 unit at most. */
const WIDEST = 3;
const QUOTE = 0x22;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
/** Of an escaped character, and of an escaped pair of surrogates. */
const SINGLE = 6;
const PAIR = 12;

/** Of an escape \uXXXX: how many bytes it has, with the other half of a pair; -1: NUL, or half a pair. */
function escapeSize(from: Buffer, at: number): number {
  const unit = hex(from, at + 2);
  if (unit === 0) return -1;
  if (unit < 0xd800 || unit > 0xdfff) return SINGLE;
  if (unit > 0xdbff || from[at + 6] !== BACKSLASH || from[at + 7] !== LETTER_U) return -1;
  const low = hex(from, at + 8);
  return low >= 0xdc00 && low <= 0xdfff ? PAIR : -1;
}

/** Four digits. */
function hex(from: Buffer, at: number): number {
  let value = 0;
  for (let n = at; n < at + 4; n++) {
    const code = from[n] as number;
    value = value * 16 + (code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57);
  }
  return value;
}
