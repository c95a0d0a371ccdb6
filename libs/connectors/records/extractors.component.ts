import { SluiceError } from '../../errors/index.js';
import type { SourceRecord } from '../../contracts/stream.js';
import { defineComponent, type Component } from '../manifest/component.js';
import { list, template } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { isObject } from '../manifest/tree.js';
import { truthy } from '../template/values.js';

/** Takes the records out of a decoded body. */
export type Extractor = (body: unknown, scope: Scope) => SourceRecord[];

const dpath = defineComponent({
  type: 'DpathExtractor',
  fields: { field_path: list(template()) },
  build({ field_path: path }): Extractor {
    return (body, scope) => {
      const steps = path.map((step) => step.text(scope));
      const bodies: readonly unknown[] = Array.isArray(body) ? (body as unknown[]) : [body];
      // The usual case without a copy: a top-level list that needs no path.
      if (steps.length === 0 && Array.isArray(body)) return assertRecords(body as unknown[]);
      return assertRecords(bodies.flatMap((one) => take(one, steps)));
    };
  },
});

/** With `*` every match is a record; without, a list's items or the one value. Missing or empty: none. */
function take(body: unknown, steps: readonly string[]): readonly unknown[] {
  if (steps.includes('*')) return walk([body], steps);
  const [found] = walk([body], steps);
  if (Array.isArray(found)) return found as unknown[];
  return truthy(found) ? [found] : [];
}

function walk(values: readonly unknown[], steps: readonly string[]): readonly unknown[] {
  let current = values;
  for (const step of steps) {
    current = current.flatMap((value): readonly unknown[] => {
      if (Array.isArray(value))
        return step === '*'
          ? (value as unknown[])
          : /^\d+$/.test(step) && Number(step) < value.length
            ? [value[Number(step)]]
            : [];
      if (!isObject(value)) return [];
      return step === '*' ? Object.values(value) : Object.hasOwn(value, step) ? [value[step]] : [];
    });
  }
  return current;
}

function assertRecords(values: readonly unknown[]): SourceRecord[] {
  for (const value of values)
    if (!isObject(value))
      throw new SluiceError('SOURCE_BAD_RESPONSE', { detail: 'the extractor’s field_path leads to values that are no objects' });
  return values as SourceRecord[];
}

/** A new extractor joins here. */
export const extractors: readonly Component<Extractor>[] = [dpath];
