import type { JsonObject, JsonSchema } from '../../contracts/json.js';
import type { StreamDescriptor } from '../../contracts/stream.js';
import { streamModes, type Resume } from '../../contracts/write-mode.js';
import { missingWords } from '../custom/available.js';
import { scopeOf } from './environment.js';
import type { UnavailableStream } from './streams.component.js';
import type { StreamModel } from './stream-model.js';

/** How the engine presents a stream to users and to the core; `schema` is the stream's (see schemaOf). */
export function describeStream(model: StreamModel, config: JsonObject, schema: JsonSchema): StreamDescriptor {
  const { name, primaryKey, afterwards } = model;
  const ways = afterwards === undefined ? [model] : [model, afterwards.stream];
  const cursor = ways.find((way) => way.cursor !== null)?.cursor ?? null;
  const paginators = ways.map(({ retriever }) => retriever.paginator);
  const nested = primaryKey.some((path) => path.length !== 1);
  const cursorField = cursor === null ? null : cursor.field(scopeOf(config, 0, null));
  return {
    name,
    jsonSchema: schema,
    primaryKey: nested ? [] : primaryKey.map(([field = '']) => field),
    cursorField,
    cursorOrder: cursor?.numeric === true && !isText(schema, cursorField) ? 'number' : 'text',
    resume: weakest(paginators.map(({ resume }) => resume)),
    modes: streamModes({ cursor: cursor !== null }),
    warnings: [
      ...new Set(paginators.flatMap(({ warning }) => (warning === null ? [] : [warning]))),
      ...(nested ? ['the key lies inside a nested object and cannot be used'] : []),
    ],
    unavailable: null,
  };
}

const weakest = (all: readonly Resume[]): Resume =>
  all.includes('none') ? 'none' : all.includes('within_slice') ? 'within_slice' : 'exact';

/** A stream that cannot be read here: listed, with the reason. */
export const describeUnavailable = ({ name, missing }: UnavailableStream): StreamDescriptor => ({
  ...{ name, jsonSchema: {}, primaryKey: [], cursorField: null, cursorOrder: 'text', resume: 'none', modes: [], warnings: [] },
  unavailable: missingWords(missing),
});

/** Numbers sent as text of one length compare as text. */
function isText(schema: JsonSchema, field: string | null): boolean {
  const type = schema.properties?.[field ?? '']?.type;
  return type === 'string' || (Array.isArray(type) && type.includes('string'));
}
