import { TemplateError } from '../errors.js';
import { spend } from '../meter.js';
import {
  PyTuple,
  characters,
  isInteger,
  isMapping,
  isNumber,
  lookUp,
  numeric,
  repr,
  str,
  toNumber,
  typeName,
} from '../values.js';
import { formatNumber, type Layout } from './format-text.js';
import { truncate } from './number-text.js';

const FIELD = /%(?:\(([^)]*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+)?)?[hlL]?([^]?)/g;
const ABSENT = Symbol('absent');

/** Python's `text % values`. */
export function percentFormat(pattern: string, values: unknown): string {
  const mapping = isMapping(values);
  // Python asks for no use of a value that can be indexed.
  const mayBeUnused = mapping || Array.isArray(values) || values === undefined;
  const args: readonly unknown[] = values instanceof PyTuple ? values.items : [values];
  let next = 0;
  let byName = false;
  const take = (): unknown => {
    if (next >= args.length) throw new TemplateError('not enough arguments for format string', 'type');
    return args[next++];
  };
  const out = pattern.replace(
    FIELD,
    (all, name: string | undefined, flags: string, width?: string, precision?: string, kind?: string) => {
      const type = kind ?? '';
      if (type === '%') return '%';
      if (type === '') throw new TemplateError('incomplete format');
      const stars = (size: string | undefined): number => (size === '*' ? Number(take()) : Number(size ?? 0));
      const layout: Layout = {
        fill: flags.includes('0') && !flags.includes('-') ? '0' : ' ',
        align: flags.includes('-') ? '<' : flags.includes('0') ? '=' : '>',
        sign: flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '',
        alternate: flags.includes('#'),
        width: stars(width),
        group: '',
        precision: all.includes('.') && /\.[\d*]?/.test(all.replace(`(${name ?? ''})`, '')) ? stars(precision) : undefined,
        type,
      };
      spend(layout.width + (layout.precision ?? 0));
      let value: unknown;
      if (name === undefined) value = take();
      else {
        if (!mapping) throw new TemplateError('format requires a mapping', 'type');
        byName = true;
        value = lookUp(values, name, ABSENT);
        if (value === ABSENT) throw new TemplateError('a name of the format is not there', 'value', 'KeyError');
      }
      const text = field(value, layout);
      spend(text.length);
      return text;
    },
  );
  if (!byName && !mayBeUnused && next < args.length)
    throw new TemplateError('not all arguments converted during string formatting', 'type');
  spend(out.length);
  return out;
}

function field(value: unknown, layout: Layout): string {
  const { type } = layout;
  if (type === 's' || type === 'r' || type === 'a') {
    const text = type === 's' ? str(value) : repr(value);
    const cut = layout.precision === undefined ? text : characters(text).slice(0, layout.precision).join('');
    const room = ' '.repeat(Math.max(0, layout.width - characters(cut).length));
    return layout.align === '<' ? cut + room : room + cut;
  }
  if (type === 'c' && typeof value === 'string' && characters(value).length === 1) return value;
  const number = numeric(value);
  if (!'diouxXeEfFgGc'.includes(type)) throw new TemplateError('unsupported format character');
  if (!isNumber(number))
    throw new TemplateError(
      `%${type} format: a real number is required, not ${typeName(value)}`,
      value === undefined && !'oxX'.includes(type) ? 'undefined' : 'type',
    );
  if ('diu'.includes(type)) return digits(isInteger(number) ? number : truncate(toNumber(number)), { ...layout, type: 'd' });
  if ('oxX'.includes(type) && !isInteger(number)) throw new TemplateError(`%${type} format: an integer is required`, 'type');
  return 'oxXc'.includes(type) ? digits(number, layout) : formatNumber(number, layout);
}

/** A precision of an int is its least number of digits. */
function digits(value: unknown, layout: Layout): string {
  const { precision, ...rest } = layout;
  if (precision === undefined) return formatNumber(value, { ...rest, precision });
  const plain = formatNumber(value, { ...rest, width: 0, precision: undefined });
  const [, sign = '', number = ''] = /^([-+ ]?(?:0[xXo])?)([^]*)$/.exec(plain) ?? [];
  const text = sign + number.padStart(precision, '0');
  const room = ' '.repeat(Math.max(0, layout.width - text.length));
  return layout.align === '<' ? text + room : room + text;
}
