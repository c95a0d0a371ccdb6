import type { SourceRecord } from '../../contracts/stream.js';
import { component, defineComponent } from '../manifest/component.js';
import { boolean, covered, enumeration, optional, template } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { extractors, type Extractor } from './extractors.component.js';
import type { Transformation } from './transformations.component.js';

const recordFilter = defineComponent({
  type: 'RecordFilter',
  fields: { condition: optional(template()) },
  build:
    ({ condition }) =>
    (scope: Scope): boolean =>
      condition === undefined || condition.template.source === '' || condition.holds(scope),
});

/** From a body to records. */
export interface RecordSelector {
  extract: Extractor;
  /** Filters and transforms. Records may be changed in place. */
  refine(records: SourceRecord[], scope: Scope, transformations: readonly Transformation[]): SourceRecord[];
}

export const recordSelector = defineComponent({
  type: 'RecordSelector',
  fields: {
    extractor: component(() => extractors),
    record_filter: optional(component(() => [recordFilter])),
    transform_before_filtering: optional(boolean(), false),
    schema_normalization: optional(covered(enumeration('None', 'Default'), ['None']), 'None'),
  },
  build({ extractor, record_filter: filter, transform_before_filtering: transformFirst }): RecordSelector {
    return {
      extract: extractor,
      refine(records, scope, transformations) {
        if (filter === undefined && transformations.length === 0) return records;
        const keeps = (of: Scope): boolean => filter?.(of) ?? true;
        const transform = (record: SourceRecord, of: Scope): void => transformations.forEach((change) => change(record, of));
        return records.filter((record) => {
          const of = { ...scope, names: { ...scope.names, record } };
          if (transformFirst) transform(record, of);
          if (!keeps(of)) return false;
          if (!transformFirst) transform(record, of);
          return true;
        });
      },
    };
  },
});
