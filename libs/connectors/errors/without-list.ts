import { isObject } from '../manifest/tree.js';
import { readJson, type JsonReading } from '../records/decoder.js';

/**
 * A JSON body parsed without the list that a path of names leads to: the list is parsed, with all else, when somebody looks at it. For who only wants to
 * know what stands around it, like the token of the next page.
 */
export function withoutList(
  body: Buffer,
  { path, list, reading }: { path: readonly string[]; list: { start: number; end: number }; reading: JsonReading },
): unknown {
  const around = readJson(Buffer.concat([body.subarray(0, list.start), EMPTY, body.subarray(list.end)]), reading);
  let holder = around;
  for (const step of path.slice(0, -1)) holder = (holder as Record<string, unknown>)[step];
  let whole: { value: unknown } | undefined;
  const read = (): unknown => {
    let value = readJson(body, reading);
    for (const step of path) value = (value as Record<string, unknown>)[step];
    return value;
  };
  if (!isObject(holder)) throw new Error('the list has no holder');
  Object.defineProperty(holder, path.at(-1) ?? '', {
    enumerable: true,
    configurable: true,
    get: () => (whole ??= { value: read() }).value,
  });
  return around;
}

const EMPTY = Buffer.from('[]');
