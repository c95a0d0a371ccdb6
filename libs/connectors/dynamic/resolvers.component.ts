import { component, defineComponent, type Component } from '../manifest/component.js';
import { list, object, oneOrMany, optional, template } from '../manifest/fields.js';
import type { Interpolation } from '../manifest/interpolation.js';
import { isObject, type Tree } from '../manifest/tree.js';
import { valuesAt } from '../records/paths.js';
import { retrievers } from '../source/stream.component.js';
import { str } from '../template/values.js';
import { componentMappings } from './component-mapping.component.js';
import type { ComponentsResolver, ComponentsValues } from './components-resolver.js';

interface StreamConfig {
  pointer: readonly Interpolation[];
  defaults: readonly unknown[];
}

const streamConfig = defineComponent({
  type: 'StreamConfig',
  fields: { configs_pointer: list(template()), default_values: optional(list(object()), []) },
  build: ({ configs_pointer: pointer, default_values: defaults }): StreamConfig => ({ pointer, defaults }),
});

const configResolver = defineComponent({
  type: 'ConfigComponentsResolver',
  fields: {
    stream_config: oneOrMany(component(() => [streamConfig])),
    components_mapping: componentMappings({ yaml: 'unless_string', conditions: true, creates: true }),
  },
  build: ({ stream_config: configs, components_mapping: mappings }): ComponentsResolver => ({
    mappings,
    requester: null,
    blame: 'configuration',
    async *values({ config, scope }) {
      const lists = configs.map(({ pointer, defaults }) => {
        const steps = pointer.map((step) => str(step.evaluate(scope)));
        const [found = []] = valuesAt(config, steps);
        return [...(Array.isArray(found) ? (found as unknown[]) : [found]), ...defaults];
      });
      for (const combination of combinations(lists)) yield { values: merged(combination) };
    },
  }),
});

/** All combinations, the last list changing fastest. */
function combinations(lists: readonly (readonly unknown[])[]): { item: unknown; index: number }[][] {
  return lists.reduce<{ item: unknown; index: number }[][]>(
    (before, items) => before.flatMap((start) => items.map((item, index) => [...start, { item, index }])),
    [[]],
  );
}

/** Objects are joined; anything else gets a name of Airbyte's, and its place in its list. */
function merged(combination: readonly { item: unknown; index: number }[]): Tree {
  const values: Tree = {};
  for (const [at, { item, index }] of combination.entries())
    if (isObject(item)) Object.assign(values, item);
    else values[`source_config_${at}`] ??= [index, item];
  return values;
}

const parametersDefinition = defineComponent({
  type: 'StreamParametersDefinition',
  fields: { list_of_parameters_for_stream: list(object()) },
  // Airbyte hands parameters down before it looks at this list, so that they are gone from its items.
  build: ({ list_of_parameters_for_stream: streams }) => streams.map(({ $parameters: _gone, ...values }) => values),
});

const parametrizedResolver = defineComponent({
  type: 'ParametrizedComponentsResolver',
  fields: {
    stream_parameters: component(() => [parametersDefinition]),
    components_mapping: componentMappings({ yaml: 'always', conditions: false, creates: true }),
  },
  build: ({ stream_parameters: streams, components_mapping: mappings }): ComponentsResolver => ({
    mappings,
    requester: null,
    blame: 'manifest',
    async *values() {
      for (const values of streams) yield { values };
    },
  }),
});

const httpResolver = defineComponent({
  type: 'HttpComponentsResolver',
  fields: {
    retriever: component(() => retrievers),
    components_mapping: componentMappings({ yaml: 'never', conditions: false, creates: false }),
  },
  build: ({ retriever, components_mapping: mappings }): ComponentsResolver => ({
    mappings,
    requester: retriever.job?.creation ?? retriever.requester,
    blame: 'source',
    async *values({ read }): AsyncGenerator<ComponentsValues> {
      for await (const { record, slice } of read(retriever)) yield { values: record, slice };
    },
  }),
});

/** A new way to find streams joins here. */
export const componentsResolvers: readonly Component<ComponentsResolver>[] = [configResolver, parametrizedResolver, httpResolver];
