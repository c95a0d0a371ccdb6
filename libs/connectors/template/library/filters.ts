import { TemplateError } from '../errors.js';
import { PyIterator, each, truthy } from '../values.js';
import type { Filter } from './arguments.js';
import { attributeReader } from './attribute-path.js';
import { ENCODING_FILTERS } from './encoding-filters.js';
import { SEQUENCE_FILTERS } from './sequence-filters.js';
import { TESTS } from './tests.js';
import { TEXT_FILTERS } from './text-filters.js';
import { VALUE_FILTERS } from './value-filters.js';

const refused = (message: string, exception = 'FilterArgumentError'): TemplateError =>
  new TemplateError(message, 'value', exception);

/** Item by item, when somebody looks: nothing, None and 0 hold no items. */
const lazily = (value: unknown, make: () => (items: Iterable<unknown>) => Iterator<unknown>): PyIterator => {
  function* run(): Generator<unknown, void, undefined> {
    if (!truthy(value)) return;
    const items = make()(each(value));
    for (let step = items.next(); step.done !== true; step = items.next()) yield step.value;
  }
  return new PyIterator('generator', run());
};

const map: Filter = (value, args, named) =>
  lazily(value, () => {
    const apply = mapper(args, named);
    return function* (items) {
      for (const item of items) yield apply(item);
    };
  });

function mapper(args: readonly unknown[], named: Readonly<Record<string, unknown>>): (item: unknown) => unknown {
  if (args.length === 0 && 'attribute' in named) {
    const { attribute, default: otherwise, ...more } = named;
    if (Object.keys(more).length > 0) throw refused('Unexpected keyword argument');
    return attributeReader(attribute, otherwise);
  }
  if (args.length === 0) throw refused('map requires a filter argument');
  const [name, ...rest] = args;
  const filter = FILTERS.get(String(name));
  if (filter === undefined) throw refused('No filter of that name found.', 'TemplateRuntimeError');
  return (item) => filter(item, rest, named);
}

const selecting =
  (wanted: boolean, byAttribute: boolean): Filter =>
  (value, args, named) =>
    lazily(value, () => {
      if (byAttribute && args.length === 0) throw refused('Missing parameter for attribute name');
      const read = byAttribute ? attributeReader(args[0]) : (item: unknown) => item;
      const [name, ...rest] = byAttribute ? args.slice(1) : args;
      const test = name === undefined ? truthy : tested(name, rest, named);
      return function* (items) {
        for (const item of items) if (test(read(item)) === wanted) yield item;
      };
    });

function tested(name: unknown, args: readonly unknown[], named: Readonly<Record<string, unknown>>): (value: unknown) => boolean {
  const test = TESTS.get(String(name));
  if (test === undefined) throw refused('No test of that name found.', 'TemplateRuntimeError');
  return (value) => test(value, args, named);
}

const NAMED: Readonly<Record<string, Filter>> = {
  ...VALUE_FILTERS,
  ...TEXT_FILTERS,
  ...SEQUENCE_FILTERS,
  ...ENCODING_FILTERS,
  map,
  select: selecting(true, false),
  reject: selecting(false, false),
  selectattr: selecting(true, true),
  rejectattr: selecting(false, true),
};
const ALIASES = { d: 'default', count: 'length', e: 'escape' } as const;

/** Every filter, by name: jinja's own and Airbyte's. `urlize` is not here: it writes HTML links. */
export const FILTERS: ReadonlyMap<string, Filter> = new Map([
  ...Object.entries(NAMED),
  ...Object.entries(ALIASES).map(([alias, name]) => [alias, NAMED[name] as Filter] as const),
]);
