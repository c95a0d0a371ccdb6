import { TemplateError } from '../errors.js';
import { nested, spend } from '../meter.js';
import { PyTuple, entriesOf, floatText, isInteger, isMapping, isNumber, str, toNumber, typeName } from '../values.js';

/** Python's json.dumps: letters beyond ASCII escaped, a blank after commas and colons. `indent`: blanks for each level. */
export function jsonText(value: unknown, { sort = false, indent }: { sort?: boolean; indent?: number } = {}): string {
  const write = (part: unknown, level: number): string => {
    spend(1);
    if (part === null) return 'null';
    if (typeof part === 'boolean') return String(part);
    if (typeof part === 'string') return jsonString(part);
    if (isInteger(part)) return String(part);
    if (isNumber(part)) return number(toNumber(part));
    if (Array.isArray(part) || part instanceof PyTuple) {
      const items: readonly unknown[] = part instanceof PyTuple ? part.items : part;
      return nested(() =>
        wrap(
          '[',
          items.map((item) => write(item, level + 1)),
          ']',
          level,
        ),
      );
    }
    if (!isMapping(part)) throw new TemplateError(`Object of type ${typeName(part)} is not JSON serializable`, 'type');
    const entries = entriesOf(part).map(([key, item]) => [keyText(key), item] as const);
    if (sort) entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return nested(() =>
      wrap(
        '{',
        entries.map(([key, item]) => `${jsonString(key)}: ${write(item, level + 1)}`),
        '}',
        level,
      ),
    );
  };
  const wrap = (open: string, parts: string[], close: string, level: number): string => {
    if (parts.length === 0) return open + close;
    if (indent === undefined) return open + parts.join(', ') + close;
    const line = `\n${' '.repeat(indent * (level + 1))}`;
    return `${open}${line}${parts.join(`,${line}`)}\n${' '.repeat(indent * level)}${close}`;
  };
  return write(value, 0);
}

function keyText(key: unknown): string {
  if (typeof key === 'string') return key;
  if (key === null) return 'null';
  if (typeof key === 'boolean' || isNumber(key)) return str(key).replace(/^(True|False)$/, (word) => word.toLowerCase());
  throw new TemplateError('keys must be str, int, float, bool or None', 'type');
}

function number(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? floatText(value) : value > 0 ? 'Infinity' : '-Infinity';
}

function jsonString(text: string): string {
  spend(text.length);
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (letter) =>
    letter === '\x7f' ? letter : `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
