import { joinRejections, Rejected, type Place } from './compiler.js';
import { defaultType } from './default-types.js';
import { didYouMean } from './did-you-mean.js';
import { field, type Field, type ValueOf } from './fields.js';
import { customComponent, customTypesAt } from '../custom/custom-component.js';
import { escapePointer } from '../../json/index.js';
import { describe, isObject, type Tree } from './tree.js';

/** One component type of the format: how its fields are read and what they become. */
export interface Component<R> {
  readonly type: string;
  compile(node: Tree, place: Place): R;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- heterogeneous by nature; `build` gets the precise types back through ValueOf
type Fields = Record<string, Field<any>>;
export type Built<F extends Fields> = { [K in keyof F]: ValueOf<F[K]> };

/** Fields that describe without changing what is done, on every component. */
const DESCRIPTIVE = new Set([
  'type',
  '$parameters',
  'title',
  'description',
  'examples',
  'metadata',
  'deprecated',
  '$schema',
  'documentation',
]);

/** Parameters that older tools wrote out into every component; without effect where the component has no such field. */
const LEFTOVERS = new Set(['name', 'primary_key', 'path']);

/**
 * Defines a component. `ignored`: fields that have no effect here, and why is said beside them. Any other field has no effect in Airbyte
 * either, and is probably a mistake: a warning.
 */
export function defineComponent<F extends Fields, R>(definition: {
  type: string;
  fields: F;
  ignored?: readonly string[];
  build: (fields: Built<F>, place: Place) => R;
}): Component<R> {
  const { type, fields, ignored = [], build } = definition;
  const known = [...Object.keys(fields), ...ignored];

  const lookForStrays = (node: Tree, place: Place, at: (name: string) => string): void => {
    for (const name of Object.keys(node)) {
      if (Object.hasOwn(fields, name) || DESCRIPTIVE.has(name) || LEFTOVERS.has(name) || ignored.includes(name)) continue;
      const meant = didYouMean(name, known);
      const hint = meant === undefined ? '' : `: did you mean "${meant}"?`;
      place.compiler.warn({
        ...{ path: at(name), message: `${type} has no field "${name}"; it has no effect${hint}`, found: name },
        allowed: Object.keys(fields),
      });
    }
  };

  const compile = (node: Tree, place: Place): R => {
    const { compiler } = place;
    const own = isObject(node['$parameters']) ? node['$parameters'] : undefined;
    compiler.spend(own === undefined ? 1 : 1 + Object.keys(place.parameters).length, place.pointer);
    const parameters = own === undefined ? place.parameters : { ...place.parameters, ...own };
    const at = (name: string): string => compiler.origins.of(node, name) ?? `${place.pointer}/${escapePointer(name)}`;
    lookForStrays(node, place, at);

    const built: Record<string, unknown> = {};
    const rejections: Rejected[] = [];
    for (const [name, rule] of Object.entries(fields)) {
      // A parameter fills a field of its name that is absent or empty.
      const byParameter = Object.hasOwn(parameters, name);
      const value = byParameter && isMissing(node[name]) ? parameters[name] : node[name];
      if (value === undefined || value === null) {
        if (rule.required) {
          compiler.report({ path: place.pointer, message: `${type} needs the field "${name}"`, allowed: Object.keys(fields) });
          rejections.push(new Rejected(name));
        } else built[name] = rule.absent;
        continue;
      }
      try {
        built[name] = rule.parse(value, {
          compiler,
          pointer: at(name),
          field: `${type}.${name}`,
          // A parameter is not carried into the field that it names, unless it is plain text.
          parameters: byParameter && typeof value === 'object' ? without(parameters, name) : parameters,
          ...(place.names === undefined ? {} : { names: place.names }),
        });
      } catch (error) {
        if (!(error instanceof Rejected)) throw error;
        rejections.push(error);
      }
    }
    if (rejections.length > 0) throw joinRejections(rejections, type);
    return build(built as Built<F>, { ...place, parameters });
  };
  return { type, compile };
}

/** A component whose `build` finds in `place.names` what the templates in it use (without those of another such component inside). */
export const collectingNames = <R>(inner: Component<R>): Component<R> => ({
  type: inner.type,
  compile: (node, place) => inner.compile(node, { ...place, names: new Set() }),
});

function without(parameters: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  const { [name]: _own, ...inherited } = parameters;
  return inherited;
}

/** A field that holds one of these components. Lazy, since components hold each other. */
export const component = <R>(choices: () => readonly Component<R>[]): Field<R> =>
  field((value, place) => {
    const { compiler, pointer } = place;
    const known = choices();
    const custom = customTypesAt(place.field);
    const types = [...known.map(({ type }) => type), ...custom];
    if (!isObject(value))
      return compiler.reject({ path: pointer, message: `a component is expected`, found: describe(value), allowed: types });
    const type = value['type'] ?? defaultType(place.field, value) ?? (known.length === 1 ? known[0]?.type : undefined);
    if (typeof type !== 'string') return compiler.reject({ path: pointer, message: 'the component has no type', allowed: types });
    const found = known.find((candidate) => candidate.type === type);
    if (found !== undefined) return found.compile(value, place);
    if (custom.includes(type)) return customComponent<R>(type).compile(value, place);
    const path = compiler.origins.of(value, 'type') ?? `${pointer}/type`;
    return compiler.reject({ path, message: `there is no such component here`, found: type, allowed: types });
  });

/** A component that is known by name only, where an import would lead back to the importer; the compiler holds it. */
export const lateComponent = <R>(...types: readonly string[]): Field<R> =>
  field((value, place) => component(() => types.map((type) => place.compiler.late(type) as Component<R>)).parse(value, place));

/** What Python takes for false: a parameter fills it. */
const isMissing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  value === '' ||
  value === 0 ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0);
