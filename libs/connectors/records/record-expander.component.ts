import { SluiceError } from '../../errors/index.js';
import type { Place } from '../manifest/compiler.js';
import { component, defineComponent, lateComponent } from '../manifest/component.js';
import { boolean, enumeration, list, optional, template } from '../manifest/fields.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { isObject, type Tree } from '../manifest/tree.js';
import type { ListRetriever } from './extractor.js';
import { setField } from './fields.js';
import { onePlace, pathToOne } from './one-place.js';
import { BlockedPath, matches, setAt, valueAt, type Found } from './paths.js';
import type { RecordExpander, Truncation } from './truncated-lists.js';

const parentFieldPath = defineComponent({
  type: 'ParentFieldPath',
  fields: { parent_path: pathToOne, record_path: pathToOne },
  build:
    ({ parent_path: from, record_path: to }, place) =>
    (parent: Tree, item: Tree, scope: Scope): void => {
      const value = valueAt(parent, from(scope));
      try {
        setAt(item, to(scope), value === undefined ? null : copy(value));
      } catch (error) {
        if (!(error instanceof BlockedPath)) throw error;
        throw new SluiceError('SOURCE_BAD_RESPONSE', {
          detail: `the record_path at ${place.pointer} goes on below a value of the item that is no object`,
        });
      }
    },
});

export const recordExpander = defineComponent({
  type: 'RecordExpander',
  fields: {
    expand_records_from_field: list(template()),
    remain_original_record: optional(boolean(), false),
    parent_fields: optional(list(component(() => [parentFieldPath])), []),
    merge_parent: optional(boolean(), false),
    on_no_records: optional(enumeration('skip', 'emit_parent'), 'skip'),
    truncation_indicator_path: optional(list(template()), []),
    // By name: a retriever holds extractors.
    truncated_list_retriever: optional(lateComponent<ListRetriever>('SimpleRetriever')),
  },
  build({ expand_records_from_field: path, parent_fields: copied, ...options }, place): RecordExpander {
    const { truncation_indicator_path: indicator, truncated_list_retriever: retriever } = options;
    const at = (field: string) => ({ ...place, pointer: `${place.pointer}/${field}` });
    const steps =
      retriever === undefined
        ? (scope: Scope): string[] => path.map((step) => step.text(scope))
        : onePlace(path, at('expand_records_from_field'));
    const listsIn = (parent: Tree, from: readonly string[]): Found[] =>
      [...matches(parent, from)].filter(({ value }) => Array.isArray(value));
    const carries = options.remain_original_record || options.merge_parent || copied.length > 0;
    const withParent = (item: Tree, parent: Tree, rest: Tree | null, scope: Scope): Tree => {
      const record: Tree = rest === null ? {} : copy(rest);
      for (const [name, value] of Object.entries(item)) setField(record, name, value);
      for (const copyField of copied) copyField(parent, record, scope);
      if (options.remain_original_record) setField(record, 'original_record', copy(parent));
      return record;
    };
    const itemsOf = (parent: Tree, lists: readonly Found[], scope: Scope) => {
      if (!carries) return (items: readonly unknown[]) => items;
      const rest = options.merge_parent ? without(parent, lists) : null;
      return (items: readonly unknown[]): readonly unknown[] =>
        items.map((item) => withParent(isObject(item) ? item : { value: item }, parent, rest, scope));
    };
    assertListRetriever(retriever, indicator, at('truncated_list_retriever'));
    return {
      expand(parent, scope) {
        const from = steps(scope);
        if (!isObject(parent) || from.length === 0) return [parent];
        const lists = listsIn(parent, from);
        const items = lists.flatMap(({ value }) => value as unknown[]);
        if (items.length === 0) return options.on_no_records === 'emit_parent' ? [parent] : [];
        return itemsOf(parent, lists, scope)(items);
      },
      // Without steps every record passes as it is.
      truncation:
        indicator.length === 0 || path.length === 0
          ? null
          : {
              indicator: onePlace(indicator, at('truncation_indicator_path')),
              retriever: retriever ?? null,
              itemsOf: (parent, scope) => itemsOf(parent, listsIn(parent, steps(scope)), scope),
              ...warnings(place.pointer),
            },
    };
  },
});

/** What the whole of a list can be read with. */
function assertListRetriever(
  retriever: ListRetriever | undefined,
  indicator: readonly Interpolation[],
  { compiler, pointer }: Pick<Place, 'compiler' | 'pointer'>,
): void {
  if (retriever === undefined) return;
  const refuse = (path: string, message: string): never => compiler.reject({ path, message });
  if (indicator.length === 0) refuse(pointer, 'truncated_list_retriever needs the field "truncation_indicator_path" beside it');
  if (retriever.partitioned) refuse(`${pointer}/partition_router`, 'a truncated_list_retriever has no partitions');
  if (retriever.paginationReset !== undefined)
    refuse(`${pointer}/pagination_reset`, 'pagination_reset does not work in a truncated_list_retriever');
  if (retriever.job !== undefined) refuse(pointer, 'a truncated_list_retriever reads no jobs');
}

const warnings = (pointer: string): Pick<Truncation, 'cut' | 'short'> => ({
  cut: `${pointer}: the source says of lists that they are cut short; what it sent of them is read, the rest is not`,
  short: `${pointer}: of a list that was fetched fewer items came than its total_count says`,
});

/** The parent without the lists that were expanded. */
function without(parent: Tree, lists: readonly { steps: readonly (string | number)[] }[]): Tree {
  const rest = copy(parent);
  // From the last: an item that goes leaves those before it where they are.
  for (const { steps } of [...lists].reverse()) {
    const around = valueAt(rest, steps.slice(0, -1).map(String)) as Tree | unknown[];
    const last = steps.at(-1) as string | number;
    if (Array.isArray(around)) around.splice(Number(last), 1);
    else delete around[last];
  }
  return rest;
}

/** Deep: a transformation that writes into one item must not reach the next. Numbers that kept their digits are values. */
function copy<T>(value: T): T;
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => copy(item));
  const prototype: unknown = isObject(value) ? Object.getPrototypeOf(value) : undefined;
  if (!isObject(value) || (prototype !== null && Object.getPrototypeOf(prototype) !== null)) return value;
  const fields: Tree = {};
  for (const [name, item] of Object.entries(value)) setField(fields, name, copy(item));
  return fields;
}
