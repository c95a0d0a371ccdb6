import { toSluiceError } from '../../../libs/errors/index.js';
import { compileManifestText } from '../../../libs/connectors/index.js';
import { readText } from './input-files.js';
import type { Output } from './source-files.js';
import { placeWords } from './words.js';

/** Compiles a manifest and tells everything that is wrong or doubtful about it, one place a line. Returns the exit code: 1 when it cannot run. Throws InputError. */
export async function validate(manifest: string, { write }: Output): Promise<0 | 1> {
  const text = readText('manifest', manifest);
  try {
    const { streams, unavailable, warnings } = compileManifestText(text).model;
    const lines = [
      ...warnings.map((warning) => `warning: ${placeWords(warning)}`),
      ...unavailable.map(
        ({ name, missing }) =>
          `warning: the stream "${name}" is listed but cannot be read here: ${missing.map(({ className }) => className).join(', ')} is not there`,
      ),
      `${manifest} is valid: ${streams.length} ${streams.length === 1 ? 'stream' : 'streams'} can be read${streams.length > 0 ? ` (${streams.map(({ name }) => name).join(', ')})` : ''}`,
    ];
    await write(`${lines.join('\n')}\n`);
    return 0;
  } catch (thrown) {
    const error = toSluiceError(thrown);
    if (error.code === 'INTERNAL') throw thrown;
    const places = error.errors.length > 0 ? error.errors : [{ path: '', message: error.message }];
    const count = `${places.length} ${places.length === 1 ? 'error' : 'errors'}`;
    await write(
      `${[...places.map((place) => `error: ${placeWords(place)}`), `${manifest} is not valid: ${count}`].join('\n')}\n`,
    );
    return 1;
  }
}
