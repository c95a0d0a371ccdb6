import { SluiceError } from '../../errors/index.js';
import { component, defineComponent } from '../manifest/component.js';
import { boolean, enumeration, list, optional, template } from '../manifest/fields.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { isObject, type Tree } from '../manifest/tree.js';
import { setField } from './fields.js';
import { BlockedPath, deleteAt, matches, setAt, valueAt } from './paths.js';

/** One record to the items of a list inside it. What is no object passes. */
export type Expand = (record: unknown, scope: Scope) => readonly unknown[];

const steps = (path: readonly Interpolation[], scope: Scope): string[] => path.map((step) => step.text(scope));

const parentFieldPath = defineComponent({
  type: 'ParentFieldPath',
  fields: { parent_path: list(template()), record_path: list(template()) },
  build:
    ({ parent_path: from, record_path: to }, place) =>
    (parent: Tree, item: Tree, scope: Scope): void => {
      const value = valueAt(parent, steps(from, scope));
      try {
        setAt(item, steps(to, scope), value === undefined ? null : copy(value));
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
  },
  // Only says that a warning be logged, unless a retriever for the whole list stands beside it.
  ignored: ['truncation_indicator_path'],
  uncovered: ['truncated_list_retriever'],
  build({ expand_records_from_field: path, parent_fields: copied, ...options }): Expand {
    const carries = options.remain_original_record || options.merge_parent || copied.length > 0;
    const withParent = (item: Tree, parent: Tree, rest: Tree | null, scope: Scope): Tree => {
      const record: Tree = rest === null ? {} : copy(rest);
      for (const [name, value] of Object.entries(item)) setField(record, name, value);
      for (const copyField of copied) copyField(parent, record, scope);
      if (options.remain_original_record) setField(record, 'original_record', copy(parent));
      return record;
    };
    return (parent, scope) => {
      const from = steps(path, scope);
      if (!isObject(parent) || from.length === 0) return [parent];
      const lists = [...matches(parent, from)].filter(({ value }) => Array.isArray(value));
      const rest = options.merge_parent ? without(parent, lists) : null;
      const items = lists.flatMap(({ value }) => value as unknown[]);
      if (items.length === 0) return options.on_no_records === 'emit_parent' ? [parent] : [];
      if (!carries) return items;
      return items.map((item) => withParent(isObject(item) ? item : { value: item }, parent, rest, scope));
    };
  },
});

/** The parent without the lists that were expanded. */
function without(parent: Tree, lists: readonly { steps: readonly (string | number)[] }[]): Tree {
  const rest = copy(parent);
  // From the last: an item that goes leaves those before it where they are.
  for (const { steps: place } of [...lists].reverse()) deleteAt(rest, place);
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
