import { component, defineComponent, type Component } from '../manifest/component.js';
import { boolean, enumeration, list, optional, template } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { isObject } from '../manifest/tree.js';
import { truthy } from '../template/values.js';
import { combinedExtractor } from './combined-extractor.js';
import { bodyByBody, counted, type Extractor } from './extractor.js';
import { AmbiguousPath, valueAt, valuesAt } from './paths.js';
import { recordExpander } from './record-expander.component.js';
import { responseToFileExtractor } from './response-to-file-extractor.component.js';
import { expanded } from './truncated-lists.js';

export type { Extractor } from './extractor.js';

const dpath: Component<Extractor> = defineComponent({
  type: 'DpathExtractor',
  fields: { field_path: list(template()), record_expander: optional(component(() => [recordExpander])) },
  build({ field_path: path, record_expander: expander }, place): Extractor {
    const stepsOf = (scope: Scope): string[] => path.map((step) => step.text(scope));
    const extract: Extractor = (answer, scope) => {
      const steps = stepsOf(scope);
      const bodies = answer.bodies();
      try {
        // The usual case without a copy: a list of objects that needs no path.
        const records = steps.length === 0 && bodies.every(isFilledObject) ? bodies : bodies.flatMap((body) => take(body, steps));
        return expander === undefined ? counted(records) : expanded(records, scope, expander);
      } catch (error) {
        if (!(error instanceof AmbiguousPath)) throw error;
        throw answer.misshapen(`the field_path at ${place.pointer} leads to several values`);
      }
    };
    if (expander === undefined) return Object.assign(bodyByBody(extract), { path: stepsOf });
    const fetches = (expander.truncation?.retriever ?? null) !== null;
    return fetches ? Object.assign(extract, { fetchesLists: true as const }) : bodyByBody(extract);
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
    return combinedExtractor(parts, { mode, skip });
  },
});

/** A new extractor joins here. */
export const extractors: readonly Component<Extractor>[] = [dpath, combined];
/** Of downloads of asynchronous jobs. */
export const downloadExtractors: readonly Component<Extractor>[] = [...extractors, responseToFileExtractor];
