import type { JsonObject, JsonSchema } from '../../contracts/json.js';
import type { StreamDescriptor } from '../../contracts/stream.js';
import { scopeOf } from './environment.js';
import type { StreamModel } from './stream-model.js';

/** How the engine presents a stream to users and to the core. */
export function describeStream(model: StreamModel, config: JsonObject): StreamDescriptor {
  const { name, retriever, cursor, schema, primaryKey } = model;
  const { paginator } = retriever;
  const nested = primaryKey.some((path) => path.length !== 1);
  const cursorField = cursor === null ? null : cursor.field(scopeOf(config, 0, null));
  return {
    name,
    jsonSchema: schema ?? {},
    primaryKey: nested ? [] : primaryKey.map(([field = '']) => field),
    cursorField,
    cursorOrder: cursor?.numeric === true && !isText(schema, cursorField) ? 'number' : 'text',
    resume: paginator.resume,
    modes: cursor === null ? ['full_refresh_overwrite'] : ['full_refresh_overwrite', 'incremental_append', 'incremental_upsert'],
    warnings: [
      ...(paginator.warning === null ? [] : [paginator.warning]),
      ...(nested ? ['the key lies inside a nested object and cannot be used'] : []),
    ],
    unavailable: schema === null ? 'the stream has no schema (only InlineSchemaLoader is covered)' : null,
  };
}

/** Numbers sent as text of one length compare as text. */
function isText(schema: JsonSchema | null, field: string | null): boolean {
  const type = schema?.properties?.[field ?? '']?.type;
  return type === 'string' || (Array.isArray(type) && type.includes('string'));
}
