import { splitLine } from '../../copy-text/index.js';

/** Microseconds between 1970 and 2000, where binary times begin. */
const EPOCH_2000 = 946_684_800_000_000n;

/** Reads a value of binary COPY as the text that PostgreSQL reads back, by format_type()'s name. */
const BINARY: Readonly<Record<string, (value: Buffer) => string | null>> = {
  smallint: (value) => String(value.readInt16BE()),
  integer: (value) => String(value.readInt32BE()),
  bigint: (value) => String(value.readBigInt64BE()),
  text: (value) => value.toString('utf8'),
  uuid: (value) => value.toString('hex'),
  'timestamp with time zone': (value) => timeText(value, '+00'),
  'timestamp without time zone': (value) => timeText(value, ''),
};

/** Whether a place can be read from rows whose columns have these types. Pure. */
export const isPlaceReadable = (types: readonly string[]): boolean => types.every((type) => Object.hasOwn(BINARY, type));

/** The values at these columns of a row of COPY, without its frame; null: one of them is null, or no time that a year of four digits has. Pure. */
export function placeInRow(
  row: Buffer,
  { binary, at, types }: { binary: boolean; at: readonly number[]; types: readonly string[] },
): string[] | null {
  const values = binary ? binaryValues(row, at, types) : textValues(row, at);
  return values.includes(null) ? null : (values as string[]);
}

function textValues(row: Buffer, at: readonly number[]): (string | null)[] {
  const values = splitLine(row.toString('utf8', 0, row.length - 1)); // without the line's end
  return at.map((index) => values[index] ?? null);
}

function binaryValues(row: Buffer, at: readonly number[], types: readonly string[]): (string | null)[] {
  const values = new Array<string | null>(at.length).fill(null);
  let offset = 2; // the number of fields
  for (let index = 0; offset < row.length; index += 1) {
    const length = row.readInt32BE(offset);
    offset += 4;
    const place = at.indexOf(index);
    if (place >= 0 && length >= 0) values[place] = BINARY[types[place] ?? '']?.(row.subarray(offset, offset + length)) ?? null;
    offset += Math.max(0, length);
  }
  return values;
}

/** null: infinity, or a year that Date or PostgreSQL writes in another way. */
function timeText(value: Buffer, zone: string): string | null {
  const since2000 = value.readBigInt64BE();
  const microseconds = since2000 + EPOCH_2000;
  const below = ((microseconds % 1_000n) + 1_000n) % 1_000n;
  const milliseconds = Number((microseconds - below) / 1_000n);
  const date = new Date(milliseconds);
  const year = date.getUTCFullYear();
  if (Number.isNaN(year) || year < 1 || year > 9_999) return null;
  return `${date.toISOString().slice(0, 23).replace('T', ' ')}${String(below).padStart(3, '0')}${zone}`;
}
