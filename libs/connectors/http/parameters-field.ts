import { component } from '../manifest/component.js';
import { field, type Field } from '../manifest/fields.js';
import type { Scope } from '../manifest/interpolation.js';
import { escapePointer } from '../../json/index.js';
import { isObject } from '../manifest/tree.js';
import { allOf, queryProperties } from './query-properties.component.js';
import type { PropertySource, QueryProperties } from './query-properties.js';
import { parameterInputs, type RequestInputs } from './request-inputs.js';

/** `request_parameters`. */
export interface Parameters {
  inputs: RequestInputs;
  /** One parameter may be the list of properties. */
  properties?: { name: string; query: QueryProperties };
}

export const parametersField = (): Field<Parameters> =>
  field((value, place) => {
    if (!isObject(value)) return { inputs: parameterInputs().parse(value, place) };
    const found = Object.entries(value).filter(([, input]) => isObject(input) && input['type'] === 'QueryProperties');
    const [query, second] = found;
    if (query === undefined) return { inputs: parameterInputs().parse(value, place) };
    if (second !== undefined)
      return place.compiler.reject({
        path: place.pointer,
        message: 'only one parameter may be QueryProperties',
        found: second[0],
      });
    const [name, definition] = query;
    const pointer = `${place.pointer}/${escapePointer(name)}`;
    const rest = Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
    return {
      inputs: parameterInputs().parse(rest, place),
      properties: { name, query: component(() => [queryProperties]).parse(definition, { ...place, pointer }) },
    };
  });

/** What a requester asks for by name, wherever the manifest says so. */
export const propertiesOf = (fields: {
  request_parameters?: Parameters | undefined;
  query_properties?: QueryProperties | undefined;
  fetch_properties_from_endpoint?: PropertySource | undefined;
}): QueryProperties | null => {
  const { request_parameters: parameters, query_properties: query, fetch_properties_from_endpoint: source } = fields;
  return parameters?.properties?.query ?? (source === undefined ? (query ?? null) : allOf(source));
};

/** The properties of this request, where it is one of a page. */
export const propertiesIn = ({ names }: Scope): readonly string[] | undefined =>
  names['query_properties'] as readonly string[] | undefined;
