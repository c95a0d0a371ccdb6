import type { RecordPage } from '../../contracts/source.port.js';
import { wholeStream } from '../partitions/partition.js';
import { decodeJson, decodeJsonKeepingFloats } from '../records/decoders.component.js';
import type { FetchList } from '../records/extractor.js';
import { noSchema } from '../schema/schema-loader.js';
import type { Environment, SliceSpec } from './environment.js';
import type { Retriever, StreamModel } from './stream-model.js';

/** Reads all pages of a slice. */
export type ReadSlice = (
  model: StreamModel,
  environment: Environment,
  request: { slice: SliceSpec; position: null; signal: AbortSignal },
) => AsyncIterable<RecordPage>;

/**
 * Fetches whole the lists that a stream's records hold a part of: a stream by itself for each, with the budget, credentials and cookies of the connection. Its failures
 * name the stream around it. As in Airbyte no schema is known of it, and nothing of it is remembered.
 */
export function listFetcher(
  { name }: StreamModel,
  { chosen: _ofStreams, ...environment }: Environment,
  { readSlice, signal }: { readSlice: ReadSlice; signal: AbortSignal },
): FetchList {
  return (list, parent) => {
    const retriever = list as Retriever;
    // Its templates may look at what the source wrote, as the stream's own do.
    const decoder = retriever.decoder === decodeJson ? decodeJsonKeepingFloats : retriever.decoder;
    const model: StreamModel = {
      name,
      primaryKey: [],
      retriever: { ...retriever, decoder, router: wholeStream, partitioned: false },
      cursor: null,
      migrateState: (state) => state,
      transformations: [],
      schema: noSchema,
    };
    const slice: SliceSpec = {
      partition: { values: { parent_record: parent }, extra: {} },
      ...{ window: null, global: false, parents: null },
    };
    return readSlice(model, environment, { slice, position: null, signal });
  };
}
