import { toSluiceError } from '../../../libs/errors/index.js';
import { connectionStatusLine } from './protocol.js';
import { withSource, type Output, type SourceFiles } from './source-files.js';
import { failureWords } from './words.js';

/** Whether the source answers with these credentials, as one CONNECTION_STATUS message. Returns the exit code. Throws InputError. */
export async function check(files: SourceFiles, output: Output): Promise<0 | 1> {
  const failed = async (thrown: unknown): Promise<1> => {
    const error = toSluiceError(thrown);
    if (error.code === 'INTERNAL') throw thrown;
    output.log(failureWords(error));
    await output.write(connectionStatusLine(failureWords(error)));
    return 1;
  };
  return withSource<0 | 1>(files, output, {
    refused: failed,
    async work(source) {
      try {
        await source.check();
      } catch (error) {
        return failed(error);
      }
      await output.write(connectionStatusLine(null));
      return 0;
    },
  });
}
