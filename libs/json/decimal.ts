/** A JSON number that a double cannot hold: its digits as they came. `String(value)` is them; arithmetic is not offered. */
export class Decimal {
  /** How often a serialiser that does not know this class wrote one: whoever knows it can tell so that one was met, without looking for it. */
  static written = 0;

  constructor(private readonly digits: string) {}

  toString(): string {
    return this.digits;
  }

  /** For serialisers that do not know this class: text keeps every digit, a number would not. `stringifyJson` writes a number. */
  toJSON(): string {
    Decimal.written += 1;
    return this.digits;
  }
}

/** A number as parseJson gives it: BigInt for integers beyond 2^53, Decimal for other numbers that a double would change. */
export type ExactNumber = number | bigint | Decimal;

/** The exact value of a JSON number's text. */
export function exactNumber(text: string): ExactNumber {
  const value = Number(text);
  if (Number.isSafeInteger(value) && INTEGER.test(text)) return value;
  if (INTEGER.test(text)) return BigInt(text);
  return Number.isFinite(value) && sameDecimal(text, String(value)) ? value : new Decimal(text);
}

const INTEGER = /^-?\d+$/;

function sameDecimal(left: string, right: string): boolean {
  const a = normalise(left);
  const b = normalise(right);
  return a.digits === b.digits && (a.exponent === b.exponent || a.digits === '') && a.negative === b.negative;
}

/** Digits without zeros at either end, and the power of ten of the last one. */
function normalise(text: string): { negative: boolean; digits: string; exponent: number } {
  const [, sign, whole = '', fraction = '', power = '0'] = /^(-?)(\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const all = (whole + fraction).replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  return {
    negative: sign === '-' && digits !== '',
    digits,
    exponent: Number(power) - fraction.length + (all.length - digits.length),
  };
}
