import type { JsonSchema } from '../../contracts/json.js';
import type { SourceRecord } from '../../contracts/stream.js';
import { SluiceError } from '../../errors/index.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { boolean, either, enumeration, field, optional, template } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { isObject } from '../manifest/tree.js';
import { normaliser, type Normalise } from '../schema/normalise.js';
import { extractors } from './extractors.component.js';
import type { Extractor } from './extractor.js';
import { isCondition, type Transformation } from './transformation.js';

/** Whether a record stays; `scope` has it as `record`. */
export type RecordFilter = (scope: Scope) => boolean;

export const recordFilter: Component<RecordFilter> = defineComponent({
  type: 'RecordFilter',
  fields: { condition: optional(template()) },
  build: ({ condition }) => (isCondition(condition) ? (scope) => condition.holds(scope) : () => true),
});
/** A new filter joins here. */
export const recordFilters: readonly Component<RecordFilter>[] = [recordFilter];

/** Makes what casts the records of a stream from its schema; null: nothing is cast. */
export type SchemaNormalization = (schema: JsonSchema) => Normalise;
/** A new normalisation joins here. */
const normalizations: readonly Component<SchemaNormalization>[] = [];

const schemaNormalization = either<SchemaNormalization | 'none'>('None, Default or a component', (value) => {
  if (isObject(value)) return component(() => normalizations);
  return field((name, place) => (enumeration('None', 'Default').parse(name, place) === 'Default' ? normaliser : 'none'));
});

/** What a stream does to its records, beside what its selector does. */
export interface Refinement {
  transformations: readonly Transformation[];
  /** Of the stream; null: not known, nothing is cast. */
  schema: JsonSchema | null;
  /** The cursor's own filter, where it filters at all; it comes before the condition. */
  keep?: ((record: SourceRecord, scope: Scope) => boolean) | undefined;
}

const NO_OBJECTS = 'the extractor leads to values that are no objects';

/** From an answer to records. */
export interface RecordSelector {
  extract: Extractor;
  /** Where all records stand in an answer, that are what they are there; null: they are looked at, or changed. */
  readonly rowsPath: NonNullable<Extractor['path']> | null;
  /** Records are cast by the stream's schema. */
  readonly normalizes: boolean;
  /** Filters, transforms and casts. Records may be changed in place. Throws SOURCE_BAD_RESPONSE where one that stays is no object. */
  refine(records: readonly unknown[], scope: Scope, refinement: Refinement): SourceRecord[];
}

export const recordSelector = defineComponent({
  type: 'RecordSelector',
  fields: {
    extractor: component(() => extractors),
    record_filter: optional(component(() => recordFilters)),
    transform_before_filtering: optional(boolean()),
    schema_normalization: optional(schemaNormalization, 'none'),
  },
  build({
    extractor,
    record_filter: filter,
    transform_before_filtering: first,
    schema_normalization: normalization,
  }): RecordSelector {
    const compiled = new WeakMap<JsonSchema, Normalise>();
    const casting = (schema: JsonSchema | null): Normalise | null => {
      if (normalization === 'none' || schema === null) return null;
      const normalise = compiled.get(schema) ?? normalization(schema);
      compiled.set(schema, normalise);
      return normalise;
    };
    const extract: Extractor = (answer, scope) => {
      const extracted = extractor(answer, scope);
      // A filter may take them out yet.
      if (filter === undefined && !extracted.records.every(isObject)) throw answer.misshapen(NO_OBJECTS);
      return extracted;
    };
    return {
      extract: extractor.fetchesLists ? Object.assign(extract, { fetchesLists: true as const }) : extract,
      rowsPath: filter === undefined && normalization === 'none' ? (extractor.path ?? null) : null,
      normalizes: normalization !== 'none',
      refine(records, scope, { transformations, schema, keep }) {
        const normalise = casting(schema);
        // Client-side filtering looks at what the transformations made, unless the manifest says otherwise.
        const transformsFirst = first ?? keep !== undefined;
        // One scope for all: nothing holds on to it beyond a record.
        const names: Record<string, unknown> = { ...scope.names };
        const of: Scope = { ...scope, names };
        const stays = (record: SourceRecord): boolean =>
          (keep === undefined || keep(record, of)) && (filter === undefined || filter(of));
        const kept: SourceRecord[] = [];
        for (const found of records) {
          names['record'] = found;
          const record = found as SourceRecord;
          if (!transformsFirst && !stays(record)) continue;
          if (!isObject(found)) throw new SluiceError('SOURCE_BAD_RESPONSE', { detail: NO_OBJECTS });
          for (const transform of transformations) transform(record, of);
          if (transformsFirst && !stays(record)) continue;
          normalise?.(record);
          kept.push(record);
        }
        return kept;
      },
    };
  },
});
