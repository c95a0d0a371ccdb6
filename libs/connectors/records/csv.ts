const QUOTE = 34;
const NEWLINE = 10;
/** Python's csv.field_size_limit: an unclosed quote ends here, not at the end of memory. */
const MAX_FIELD_CHARACTERS = 131_072;

/**
 * The rows of a CSV text, quirk for quirk as Python's `csv.reader` reads it in its default dialect: a quote inside an unquoted field is
 * text, text after a closing quote belongs to the field, an unclosed quote runs to the end, every kind of line end counts and an empty line
 * is an empty row. No package does all of that. Throws SyntaxError for a field beyond 131,072 characters, as Python does.
 */
export function* csvRows(source: string, delimiter: string): Generator<string[]> {
  const text = source.includes('\r') ? source.replace(/\r\n?/g, '\n') : source;
  const separator = delimiter.charCodeAt(0);
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    if (row.length === 0 && text.charCodeAt(at) === NEWLINE) {
      yield [];
      at++;
      continue;
    }
    const { value, end } = text.charCodeAt(at) === QUOTE ? quotedField(text, at, separator) : plainField(text, at, separator);
    if (value.length > MAX_FIELD_CHARACTERS) throw new SyntaxError('a CSV field is too long');
    row.push(value);
    at = end + 1;
    if (end < text.length && text.charCodeAt(end) === separator) {
      // A separator at the very end is followed by an empty field.
      if (at === text.length) row.push('');
      else if (text.charCodeAt(at) === NEWLINE) {
        row.push('');
        at++;
      } else continue;
    }
    yield row;
    row = [];
  }
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
