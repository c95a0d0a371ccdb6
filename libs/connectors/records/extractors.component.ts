import { component, defineComponent, type Component } from '../manifest/component.js';
import { boolean, enumeration, list, optional, template } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { isObject } from '../manifest/tree.js';
import { truthy } from '../template/values.js';
import { bodyByBody, counted, type Extracted, type Extractor } from './extractor.js';
import { AmbiguousPath, valueAt, valuesAt } from './paths.js';
import { recordExpander } from './record-expander.component.js';
import { responseToFileExtractor } from './response-to-file-extractor.component.js';

export type { Extractor } from './extractor.js';

const dpath: Component<Extractor> = defineComponent({
  type: 'DpathExtractor',
  fields: { field_path: list(template()), record_expander: optional(component(() => [recordExpander])) },
  build({ field_path: path, record_expander: expand }, place): Extractor {
    const stepsOf = (scope: Scope): string[] => path.map((step) => step.text(scope));
    const extract = bodyByBody((answer, scope) => {
      const steps = stepsOf(scope);
      const bodies = answer.bodies();
      try {
        // The usual case without a copy: a list of objects that needs no path.
        const records = steps.length === 0 && bodies.every(isFilledObject) ? bodies : bodies.flatMap((body) => take(body, steps));
        return counted(expand === undefined ? records : records.flatMap((record) => expand(record, scope)));
      } catch (error) {
        if (!(error instanceof AmbiguousPath)) throw error;
        throw answer.misshapen(`the field_path at ${place.pointer} leads to several values`);
      }
    });
    return expand === undefined ? Object.assign(extract, { path: stepsOf }) : extract;
  },
});

function isFilledObject(value: unknown): boolean {
  if (!isObject(value)) return false;
  for (const name in value) if (Object.hasOwn(value, name)) return true;
  return false;
}

/** With `*` every match is a record; without, a list's items or the one value. Missing or empty: none. */
export function take(body: unknown, steps: readonly string[]): readonly unknown[] {
  if (steps.includes('*')) return valuesAt(body, steps);
  const found = valueAt(body, steps);
  if (Array.isArray(found)) return found as unknown[];
  return truthy(found) ? [found] : [];
}

const combined: Component<Extractor> = defineComponent({
  type: 'CombinedExtractor',
  fields: {
    extractors: list(component(() => extractors)),
    mode: optional(enumeration('union', 'first_match'), 'union'),
    skip_empty_records: optional(boolean(), false),
  },
  build({ extractors: parts, mode, skip_empty_records: skip }, place): Extractor {
    if (parts.length === 0)
      return place.compiler.reject({ path: place.pointer, message: 'CombinedExtractor needs an extractor' });
    const filled = (extracted: Extracted): Extracted =>
      skip ? { records: extracted.records.filter(truthy), count: extracted.count } : extracted;
    return (answer, scope) => {
      const none: Extracted = { records: [], count: 0 };
      if (mode === 'first_match') {
        for (const part of parts) {
          const found = filled(part(answer, scope));
          if (found.records.length > 0) return found;
        }
        return none;
      }
      const all = parts.map((part) => filled(part(answer, scope)));
      return { records: all.flatMap(({ records }) => records), count: all.reduce((sum, { count }) => sum + count, 0) };
    };
  },
});

/** A new extractor joins here. */
export const extractors: readonly Component<Extractor>[] = [dpath, combined];
/** Of downloads of asynchronous jobs. */
export const downloadExtractors: readonly Component<Extractor>[] = [...extractors, responseToFileExtractor];
