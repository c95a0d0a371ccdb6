import { assertBounded } from './piece-decoding.js';

const QUOTE = 34;
const NEWLINE = 10;
/** Python's csv.field_size_limit: an unclosed quote ends here, not at the end of memory. */
const MAX_FIELD_CHARACTERS = 131_072;

/**
 * The rows of a CSV text, quirk for quirk as Python's `csv.reader` reads it in its default dialect: a quote inside an unquoted field is
 * text, text after a closing quote belongs to the field, an unclosed quote runs to the end, every kind of line end counts and an empty line
 * is an empty row. No package does all of that. Throws SyntaxError for a field beyond 131,072 characters, as Python does.
 */
export function* csvRows(source: string, delimiter: string): Generator<string[], void> {
  yield* rowsIn(source.includes('\r') ? source.replace(/\r\n?/g, '\n') : source, delimiter.charCodeAt(0), true);
}

/** The same for a text that comes in pieces: the rows that are complete after each. */
export function csvRowReader(delimiter: string): (text: string, last: boolean) => string[][] {
  const separator = delimiter.charCodeAt(0);
  let held = '';
  let returned = false;
  // A row that is long is looked at again when twice as much of it is there, not with every piece.
  let worthwhile = 0;
  return (text, last) => {
    let piece = returned ? `\r${text}` : text;
    // Whether "\r" is a line end of its own shows with what follows.
    returned = !last && piece.endsWith('\r');
    if (returned) piece = piece.slice(0, -1);
    held += piece.includes('\r') ? piece.replace(/\r\n?/g, '\n') : piece;
    if (held.length < worthwhile && !last) {
      assertBounded(held.length);
      return [];
    }
    const found: string[][] = [];
    const rows = rowsIn(held, separator, last);
    let next = rows.next();
    for (; next.done !== true; next = rows.next()) found.push(next.value);
    held = held.slice(next.value);
    assertBounded(held.length);
    worthwhile = 2 * held.length;
    return found;
  };
}

/** `last`: the text ends here; otherwise a row at its end may go on, and is left. Returns where what is left begins. */
function* rowsIn(text: string, separator: number, last: boolean): Generator<string[], number> {
  let row: string[] = [];
  let at = 0;
  let start = 0;
  while (at < text.length) {
    if (row.length === 0 && text.charCodeAt(at) === NEWLINE) {
      yield [];
      start = ++at;
      continue;
    }
    const { value, end } = text.charCodeAt(at) === QUOTE ? quotedField(text, at, separator) : plainField(text, at, separator);
    if (value.length > MAX_FIELD_CHARACTERS) throw new SyntaxError('a CSV field is too long');
    if (!last && end >= text.length) return start;
    row.push(value);
    at = end + 1;
    if (end < text.length && text.charCodeAt(end) === separator) {
      if (!last && at === text.length) return start;
      // A separator at the very end is followed by an empty field.
      if (at === text.length) row.push('');
      else if (text.charCodeAt(at) === NEWLINE) {
        row.push('');
        at++;
      } else continue;
    }
    yield row;
    row = [];
    start = at;
  }
  return start;
}

/** `end`: where the separator, the line end or the text's end is. */
interface Field {
  value: string;
  end: number;
}

function plainField(text: string, start: number, separator: number): Field {
  let end = start;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === separator || code === NEWLINE) break;
  }
  return { value: text.slice(start, end), end };
}

function quotedField(text: string, start: number, separator: number): Field {
  let value = '';
  let from = start + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote === -1) return { value: value + text.slice(from), end: text.length };
    value += text.slice(from, quote);
    if (text.charCodeAt(quote + 1) === QUOTE) {
      value += '"';
      from = quote + 2;
      if (value.length > MAX_FIELD_CHARACTERS) return { value, end: text.length };
      continue;
    }
    const rest = plainField(text, quote + 1, separator);
    return { value: value + rest.value, end: rest.end };
  }
}
