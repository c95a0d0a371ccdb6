import { component, defineComponent, type Component } from '../manifest/component.js';
import { optional, template, text } from '../manifest/fields.js';
import type { StreamModel } from './stream-model.js';
import { declarativeStream } from './stream.component.js';

/** A stream that is read in one way at first, and in another once there is a state. */
export const stateDelegatingStream: Component<StreamModel> = defineComponent({
  type: 'StateDelegatingStream',
  fields: {
    name: text(),
    full_refresh_stream: component(() => [declarativeStream]),
    incremental_stream: component(() => [declarativeStream]),
    api_retention_period: optional(template()),
  },
  build(
    { name, full_refresh_stream: full, incremental_stream: incremental, api_retention_period: retention },
    place,
  ): StreamModel {
    for (const { name: found } of [full, incremental])
      if (found !== name)
        place.compiler.report({
          path: `${place.pointer}/name`,
          message: 'a StateDelegatingStream and its streams have one name',
          found,
          allowed: [name],
        });
    if (
      retention !== undefined &&
      retention.template.source !== '' &&
      [full, incremental].some(({ cursor }) => cursor?.perPartition === false)
    )
      place.compiler.report({ path: `${place.pointer}/api_retention_period`, message: 'a cursor that counts has no age' });
    return { ...full, afterwards: { stream: incremental, retention } };
  },
});
