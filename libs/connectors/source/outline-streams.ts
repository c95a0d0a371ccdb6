import type { JsonObject } from '../../contracts/json.js';
import type { Catalog } from '../../contracts/stream.js';
import { describeStream, describeUnavailable } from './describe-stream.js';
import { scopeOf } from './environment.js';
import { openConfig } from './open-config.js';
import type { SourceModel } from './source.component.js';

/**
 * The streams as far as manifest and configuration tell without a call: generated ones are missing, and a schema that the source is asked
 * for is empty. Throws CONFIG_INVALID.
 */
export function outlineStreams(model: SourceModel, config: JsonObject, nowMs: number): Catalog {
  const opened = openConfig(model, config, nowMs);
  const scope = scopeOf(opened, nowMs, null);
  const present = model.streams.filter(({ when }) => when === undefined || when.holds(scope));
  return {
    streams: [
      ...present.map((stream) => describeStream(stream, opened, stream.schema.fixed ?? {})),
      ...model.unavailable.map(describeUnavailable),
    ],
  };
}
