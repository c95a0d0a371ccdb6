import { setTimeout as delay } from 'node:timers/promises';
import { readCatalog, readStates, readText } from './input-files.js';
import { errorLine, failureTypeOf, type FailureType } from './protocol.js';
import { readStreams } from './read-streams.js';
import { clock, withSource, type Output, type SourceFiles } from './source-files.js';
import { failureWords } from './words.js';

/** With a clock that stands still a long wait changes nothing. */
const LONGEST_FROZEN_WAIT_MS = 1_000;

export interface ReadOptions extends SourceFiles {
  catalog: string;
  state?: string;
  /** Seconds. */
  maxWait: number;
}

/** Reads the streams of a catalog as Airbyte protocol messages. Returns the exit code, as Airbyte's own: 0, or 1 when a stream failed. Throws InputError. */
export async function read(options: ReadOptions, output: Output): Promise<0 | 1> {
  const { write, log } = output;
  const streams = readCatalog(readText('catalog', options.catalog), options.catalog);
  const states =
    options.state === undefined ? new Map<string, null>() : readStates(readText('state', options.state), options.state);
  const frozen = options.now !== undefined;
  const fail = async (message: string, failureType: FailureType): Promise<1> => {
    log(message);
    await write(errorLine(null, { message, failureType }, clock(options.now)()));
    return 1;
  };
  return withSource(options, output, {
    refused: (error) => fail(failureWords(error), failureTypeOf(error)),
    async work(source, now) {
      const failed = await readStreams({
        source,
        streams,
        states,
        now,
        maxWaitMs: options.maxWait * 1_000,
        sleep: async (ms) => void (await delay(frozen ? Math.min(ms, LONGEST_FROZEN_WAIT_MS) : ms)),
        write,
        log,
      });
      // Airbyte ends with this one too, and with this type, whatever the streams' own failures were.
      return failed.length === 0 ? 0 : fail(`streams that did not complete: ${failed.join(', ')}`, 'config_error');
    },
  });
}
