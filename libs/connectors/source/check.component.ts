import type { JsonObject } from '../../contracts/json.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { boolean, integer, list, object, optional, text, type Field } from '../manifest/fields.js';

/** What a check of a connection reads. */
export interface CheckModel {
  /** Streams by name. */
  streams: readonly string[];
  /** The first streams of the catalog, whatever they are called: how many. null: none. */
  first: number | null;
  /** Streams that a dynamic stream generates: how many of them, null: all. */
  generated: readonly { name: string; count: number | null }[];
  /** Replace fields of the configuration for the check. */
  overrides: JsonObject;
}

const dynamicStreamCheckConfig = defineComponent({
  type: 'DynamicStreamCheckConfig',
  fields: { dynamic_stream_name: text(), stream_count: optional(integer()) },
  build: ({ dynamic_stream_name: name, stream_count: count }) => ({ name, count: count ?? null }),
});

/** Airbyte reserves these for its platform. */
const RESERVED = '__airbyte';

const overrides: Field<JsonObject> = {
  required: true,
  parse(value, place) {
    const found = object().parse(value, place);
    for (const name of Object.keys(found))
      if (name.startsWith(RESERVED))
        place.compiler.report({ path: `${place.pointer}/${name}`, message: 'the name is reserved', found: name });
    return found;
  },
};

const checkStream = defineComponent({
  type: 'CheckStream',
  fields: {
    stream_names: optional(list(text()), []),
    dynamic_streams_check_configs: optional(list(component(() => [dynamicStreamCheckConfig])), []),
    config_overrides: optional(overrides, {}),
  },
  build: ({ stream_names: streams, dynamic_streams_check_configs: generated, config_overrides }): CheckModel => ({
    ...{ streams, generated, first: null, overrides: config_overrides },
  }),
});

const checkDynamicStream = defineComponent({
  type: 'CheckDynamicStream',
  fields: {
    stream_count: integer(),
    use_check_availability: optional(boolean(), true),
    config_overrides: optional(overrides, {}),
  },
  build: ({ stream_count: count, use_check_availability: reads, config_overrides }): CheckModel => ({
    ...{ streams: [], generated: [], first: reads ? count : 0, overrides: config_overrides },
  }),
});

/** A new way to check joins here. */
export const checks: readonly Component<CheckModel>[] = [checkStream, checkDynamicStream];
