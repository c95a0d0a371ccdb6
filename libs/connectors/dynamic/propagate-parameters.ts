import { defaultType } from '../manifest/default-types.js';
import { isObject, type Tree } from '../manifest/tree.js';

type Parameters = Readonly<Record<string, unknown>>;

/**
 * Writes types and `$parameters` out into every component of a tree, as Airbyte does before it fills a stream's template; the tree is not
 * changed. `parentsWin`: which of two parameters of one name counts, the component's own or the one from above.
 */
export function propagateParameters(tree: Tree, options: Options): Tree {
  return structuredClone(written(tree, options));
}

function written(tree: Tree, { field, parameters: above, parentsWin }: Options): Tree {
  const { $parameters: found, ...rest } = tree;
  const own = isObject(found) ? found : {};
  const parameters: Parameters = parentsWin ? { ...own, ...above } : { ...above, ...own };
  const component: Tree = { ...rest };
  const type = component['type'] ?? defaultType(field, component);
  if (type !== undefined) component['type'] = type;
  // A JSON schema, not a component.
  if (type === 'object' || (type !== undefined && typeof type !== 'string')) return component;
  const below = (value: Tree, at: string, without?: string): Tree => {
    const { [without ?? '']: _excluded, ...others } = parameters;
    return written(value, { field: at, parameters: without === undefined ? parameters : others, parentsWin });
  };
  if (type === undefined) {
    // A map that may hold components.
    for (const [name, value] of Object.entries(component))
      if (isObject(value) && isTruthy(value['type'])) component[name] = below(value, field);
    return component;
  }
  for (const [name, value] of Object.entries(parameters)) component[name] = isTruthy(component[name]) ? component[name] : value;
  for (const [name, value] of Object.entries(component)) {
    const at = `${type}.${name}`;
    if (isObject(value)) component[name] = below(value, at, name);
    else if (Array.isArray(value))
      component[name] = value.map((item: unknown) => (isObject(item) ? below(item, at, name) : item));
  }
  if (Object.keys(parameters).length > 0) component['$parameters'] = parameters;
  return component;
}

interface Options {
  field: string;
  parameters: Parameters;
  parentsWin: boolean;
}

/** As Python asks: empty lists, objects and texts are false. */
function isTruthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return isObject(value) ? Object.keys(value).length > 0 : Boolean(value);
}
