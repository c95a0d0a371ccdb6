import type { JsonSchema } from '../../contracts/json.js';
import { wholeStream } from '../partitions/partition.js';
import { noSchema, type SchemaOwner } from '../schema/schema-loader.js';
import { scopeOf, type Environment } from './environment.js';
import { readStream } from './read-stream.js';
import type { Retriever, StreamModel } from './stream-model.js';

/** Lets an environment tell streams their schemas. One that the source itself describes is asked for once, unless that fails. */
export function withSchemas(base: Omit<Environment, 'schemaOf'>): Environment {
  const loaded = new Map<SchemaOwner, Promise<JsonSchema>>();
  const environment: Environment = {
    ...base,
    schemaOf(stream, signal) {
      if (stream.schema.fixed !== null) return Promise.resolve(stream.schema.fixed);
      const known = loaded.get(stream);
      if (known !== undefined) return known;
      const loading = stream.schema.load({
        scope: scopeOf(base.config, base.now(), null),
        firstRecord: (retriever) => firstRecord({ stream, retriever: retriever as Retriever, environment, signal }),
      });
      loaded.set(stream, loading);
      loading.catch(() => loaded.delete(stream));
      return loading;
    },
  };
  return environment;
}

/** Read without partitions and windows, whatever the retriever has of them, as Airbyte does. */
async function firstRecord(input: {
  stream: SchemaOwner;
  retriever: Retriever;
  environment: Environment;
  signal: AbortSignal;
}): Promise<unknown> {
  const { stream, retriever, environment, signal } = input;
  const described: StreamModel = {
    name: `${stream.name} (schema)`,
    primaryKey: [],
    retriever: { ...retriever, router: wholeStream, partitioned: false },
    cursor: null,
    migrateState: (state) => state,
    transformations: [],
    schema: noSchema,
  };
  const slice = { partition: { values: {}, extra: {} }, window: null, global: false, parents: null };
  // Leaving the loop ends the reader.
  for await (const { records } of readStream(described, environment, { slice, position: null, signal }))
    if (records.length > 0) return records[0];
  return undefined;
}
