import anyAscii from 'any-ascii';
import type { SourceRecord } from '../../contracts/stream.js';
import { defineComponent } from '../manifest/component.js';
import { template } from '../manifest/fields.js';
import { isDict } from '../template/values.js';
import { assertNameLength, replaceFields, setField, setRenamed } from './fields.js';
import type { Transformation } from './transformation.js';

/** Renames the fields of a record, and of objects inside it (not of those in lists). */
function renameDeep(record: SourceRecord, rename: (name: string) => string): SourceRecord {
  const renamed: SourceRecord = {};
  for (const [name, value] of Object.entries(record))
    setRenamed(renamed, rename(name), isDict(value) ? renameDeep(value, rename) : value);
  return renamed;
}

/** Of the record's own fields only, as in Airbyte. */
export const keysToLower = defineComponent({
  type: 'KeysToLower',
  fields: {},
  build: (): Transformation => (record) => {
    const lower: SourceRecord = {};
    for (const [name, value] of Object.entries(record)) setField(lower, name.toLowerCase(), value);
    replaceFields(record, lower);
  },
});

export const keysToSnakeCase = defineComponent({
  type: 'KeysToSnakeCase',
  fields: {},
  build(): Transformation {
    const known = new Map<string, string>();
    const rename = (name: string): string => {
      const before = known.get(name);
      if (before !== undefined) return before;
      // Records with keys of their own making must not fill memory.
      if (known.size >= 10_000) known.clear();
      const snake = snakeCase(name);
      known.set(name, snake);
      return snake;
    };
    return (record) => replaceFields(record, renameDeep(record, rename));
  },
});

/** Words in lower case, joined by "_": runs of capitals with the small letters after them, small letters, digits; anything else parts them. */
export function snakeCase(name: string): string {
  const words = [...anyAscii(name).matchAll(/[A-Z]+[a-z]*|[a-z]+|\d+|[^a-zA-Z\d]+/g)].map(([word]) =>
    /^[a-zA-Z\d]/.test(word) ? word : '',
  );
  // What parts words leaves a "_" of its own at the ends only.
  const kept = words.filter((word, index) => word !== '' || words.length < 3 || index === 0 || index === words.length - 1);
  if (/^\d+$/.test(kept[0] ?? '')) kept.unshift('');
  return kept.map((word) => word.toLowerCase()).join('_');
}

export const keysReplace = defineComponent({
  type: 'KeysReplace',
  fields: { old: template(), new: template() },
  build:
    ({ old, new: replacement }): Transformation =>
    (record, scope) => {
      const [from, to] = [old.text(scope), replacement.text(scope)];
      replaceFields(
        record,
        renameDeep(record, (name) => {
          // Before the name is made: it could be larger than memory.
          assertNameLength((name.split(from).length - 1) * to.length);
          return name.replaceAll(from, () => to);
        }),
      );
    },
});
