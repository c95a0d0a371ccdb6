import type { BudgetLimit } from '../../contracts/budget.schema.js';
import type { JsonObject } from '../../contracts/json.js';
import { httpApiBudget } from '../http/api-budget.component.js';
import { component, defineComponent } from '../manifest/component.js';
import { field, json, list, optional, text, type Field } from '../manifest/fields.js';
import { describe, isObject } from '../manifest/tree.js';
import type { StreamModel } from './stream-model.js';
import { declarativeStream } from './stream.component.js';

/** A compiled manifest: everything but configuration. */
export interface SourceModel {
  streams: readonly StreamModel[];
  /** Streams that a check reads from. */
  checkStreams: readonly string[];
  /** JSON schema of the configuration, draft 7, with `airbyte_secret`. */
  connectionSpecification: JsonObject;
  limits: readonly BudgetLimit[];
}

const checkStream = defineComponent({
  type: 'CheckStream',
  fields: { stream_names: list(text()) },
  uncovered: ['dynamic_streams_check_configs'],
  build: ({ stream_names: names }) => names,
});

const object = (): Field<JsonObject> =>
  field((value, place) =>
    isObject(value)
      ? (value as JsonObject)
      : place.compiler.reject({ path: place.pointer, message: 'an object is expected', found: describe(value) }),
  );

const spec = defineComponent({
  type: 'Spec',
  fields: { connection_specification: object() },
  // advanced_auth describes how Airbyte's own interface asks for consent.
  ignored: ['documentation_url', 'advanced_auth'],
  uncovered: ['config_normalization_rules'],
  build: ({ connection_specification: schema }) => schema,
});

export const declarativeSource = defineComponent({
  type: 'DeclarativeSource',
  fields: {
    check: component(() => [checkStream]),
    streams: list(component(() => [declarativeStream])),
    spec: optional(
      component(() => [spec]),
      {},
    ),
    api_budget: optional(
      component(() => [httpApiBudget]),
      [],
    ),
    version: optional(json()),
  },
  // Threads are Airbyte's way to be concurrent; movers and budgets are ours. Definitions and schemas are used by reference.
  ignored: ['definitions', 'schemas', 'concurrency_level', 'max_concurrent_async_job_count'],
  uncovered: ['dynamic_streams', 'stream_groups'],
  build({ check, streams, spec: schema, api_budget: limits }, place): SourceModel {
    const names = streams.map(({ name }) => name);
    for (const [index, name] of names.entries()) {
      const path = `${place.pointer}/streams/${index}`;
      if (name === '') place.compiler.report({ path, message: 'the stream has no name' });
      else if (names.indexOf(name) !== index)
        place.compiler.report({ path, message: 'another stream has the same name', found: name });
    }
    for (const name of check)
      if (!names.includes(name))
        place.compiler.report({
          path: `${place.pointer}/check/stream_names`,
          message: 'there is no such stream',
          found: name,
          allowed: names,
        });
    return { streams, checkStreams: check, connectionSpecification: schema, limits };
  },
});
