import type { RecordPage } from '../../contracts/source.port.js';
import { wholeStream } from '../partitions/partition.js';
import { noSchema } from '../schema/schema-loader.js';
import { propertyChunks } from '../http/property-chunks.js';
import type { PropertySource, QueryProperties } from '../http/query-properties.js';
import { scopeOf, type Environment } from './environment.js';
import { sessionOf } from './session.js';
import type { Retriever, StreamModel } from './stream-model.js';

/** Reads all records of a stream. */
export type ReadAll = (model: StreamModel, environment: Environment, signal: AbortSignal) => AsyncIterable<RecordPage>;

/** The properties that each request of a page asks for. */
export async function chunksOf(
  query: QueryProperties,
  { stream, environment, readAll, signal }: { stream: string; environment: Environment; readAll: ReadAll; signal: AbortSignal },
): Promise<string[][]> {
  const { properties, always, chunking, select } = query;
  const names = isSource(properties)
    ? await sessionOf(environment).list(properties, () => read(properties, { environment, readAll, signal }))
    : properties;
  const chosen = environment.chosen?.get(stream);
  const wanted =
    select === null || chosen === undefined ? null : select(chosen, scopeOf(environment.config, environment.now(), null));
  return propertyChunks(names, { chunking, always, wanted });
}

const isSource = (properties: QueryProperties['properties']): properties is PropertySource => 'retriever' in properties;

async function read(
  source: PropertySource,
  { environment, readAll, signal }: { environment: Environment; readAll: ReadAll; signal: AbortSignal },
): Promise<readonly string[]> {
  const scope = scopeOf(environment.config, environment.now(), null);
  const model: StreamModel = {
    name: 'dynamic_properties',
    primaryKey: [],
    retriever: { ...(source.retriever as Retriever), router: wholeStream, partitioned: false },
    cursor: null,
    migrateState: (state) => state,
    transformations: [],
    schema: noSchema,
  };
  const names: string[] = [];
  for await (const { records } of readAll(model, environment, signal))
    for (const record of records) names.push(source.property(record, scope));
  return names;
}
