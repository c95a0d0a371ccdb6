import { toSluiceError } from '../../../libs/errors/index.js';
import type { JsonObject } from '../../../libs/contracts/json.js';
import type { StreamDescriptor } from '../../../libs/contracts/stream.js';
import { catalogLine } from './protocol.js';
import { withSource, type Output, type SourceFiles } from './source-files.js';
import { failureWords } from './words.js';

/** The streams as one CATALOG message of the Airbyte protocol. Streams that cannot be read here are left out and told of. Returns the exit code. Throws InputError. */
export async function discover(files: SourceFiles, output: Output): Promise<0 | 1> {
  const failed = async (thrown: unknown): Promise<1> => {
    const error = toSluiceError(thrown);
    if (error.code === 'INTERNAL') throw thrown;
    output.log(failureWords(error));
    return 1;
  };
  return withSource<0 | 1>(files, output, {
    refused: failed,
    async work(source) {
      try {
        const { streams } = await source.discover();
        for (const { name, unavailable } of streams)
          if (unavailable !== null) output.log(`stream ${name} cannot be read here: ${unavailable}`);
        await output.write(catalogLine(streams.filter(({ unavailable }) => unavailable === null).map(airbyteStream)));
        return 0;
      } catch (error) {
        return failed(error);
      }
    },
  });
}

/** Pure: a stream as Airbyte's catalog has it. */
export function airbyteStream({ name, jsonSchema, primaryKey, cursorField }: StreamDescriptor): JsonObject {
  const cursor = cursorField !== null;
  return {
    name,
    json_schema: jsonSchema as JsonObject,
    supported_sync_modes: cursor ? ['full_refresh', 'incremental'] : ['full_refresh'],
    ...(cursor ? { source_defined_cursor: true, default_cursor_field: [cursorField] } : {}),
    ...(primaryKey.length > 0 ? { source_defined_primary_key: primaryKey.map((field) => [field]) } : {}),
    is_resumable: cursor,
    is_file_based: false,
  };
}
