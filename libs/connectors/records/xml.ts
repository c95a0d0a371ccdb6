import { SaxesParser } from 'saxes';
import { setField } from './fields.js';

/** Deeper nesting is an attack or a mistake. */
const MAX_DEPTH = 1_000;

interface OpenElement {
  name: string;
  item: Record<string, unknown> | null;
  text: string;
}

/**
 * An XML document as Python's xmltodict gives it: attributes are `@name`, text beside them or beside elements is `#text`, an element that
 * repeats is a list, an empty one is null, names keep their prefixes. Entities that a document declares itself are not expanded: they
 * leave nothing. Throws SyntaxError, without quoting the document, where it is not well-formed.
 */
export function parseXml(text: string): Record<string, unknown> {
  const parser = new SaxesParser({ xmlns: false });
  const root: OpenElement = { name: '', item: null, text: '' };
  const open: OpenElement[] = [root];
  const top = (): OpenElement => open.at(-1) ?? root;

  parser.on('error', () => {
    throw new SyntaxError(`not XML at line ${parser.line}`);
  });
  parser.on('doctype', () => {
    const known = parser.ENTITIES;
    parser.ENTITIES = new Proxy(known, { get: (target, name: string) => target[name] ?? '' });
  });
  parser.on('opentag', ({ name, attributes }) => {
    if (open.length > MAX_DEPTH) throw new SyntaxError('XML is nested too deeply');
    const names = Object.keys(attributes);
    const item: Record<string, unknown> | null = names.length === 0 ? null : {};
    if (item !== null) for (const attribute of names) setField(item, `@${attribute}`, attributes[attribute]);
    open.push({ name, item, text: '' });
  });
  const characters = (data: string): void => {
    top().text += data;
  };
  parser.on('text', characters);
  parser.on('cdata', characters);
  parser.on('closetag', () => {
    const { name, item, text: found } = open.pop() ?? root;
    const words = found.trim();
    if (item !== null && words !== '') push(item, '#text', words);
    const parent = top();
    parent.item ??= {};
    push(parent.item, name, item ?? (words === '' ? null : words));
  });
  parser.write(text).close();
  return root.item ?? {};
}

/** A second value of a name makes a list. */
function push(item: Record<string, unknown>, name: string, value: unknown): void {
  if (!Object.hasOwn(item, name)) setField(item, name, value);
  else if (Array.isArray(item[name])) item[name].push(value);
  else setField(item, name, [item[name], value]);
}
