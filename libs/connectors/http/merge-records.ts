import type { SourceRecord } from '../../contracts/stream.js';
import { isDict, str, truthy } from '../template/values.js';

/**
 * Records of several requests for parts of the same page. Those with the same key become one, nested objects merged; those without a key come
 * first, as they are. Pure, but records without a key are passed on, not copied.
 */
export function mergeRecords(chunks: readonly (readonly SourceRecord[])[], key: readonly string[]): SourceRecord[] {
  const alone: SourceRecord[] = [];
  const merged = new Map<string, SourceRecord>();
  for (const record of chunks.flat()) {
    const values = key.map((name) => record[name]);
    if (!values.every(truthy)) {
      alone.push(record);
      continue;
    }
    const group = values.map(str).join(',');
    const target = merged.get(group) ?? {};
    merged.set(group, target);
    merge(target, record);
  }
  return [...alone, ...merged.values()];
}

function merge(target: Record<string, unknown>, source: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(source)) {
    const known = target[name];
    if (isDict(known) && isDict(value)) merge(known, value);
    else target[name] = value;
  }
}
