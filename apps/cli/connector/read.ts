import { setTimeout as delay } from 'node:timers/promises';
import { toSluiceError } from '../../../libs/errors/index.js';
import { InputError } from './input-error.js';
import { readCatalog, readConfig, readStates, readText } from './input-files.js';
import { openSource } from './open-source.js';
import { errorLine, failureTypeOf } from './protocol.js';
import { readStreams } from './read-streams.js';

/** With a clock that stands still a long wait changes nothing. */
const LONGEST_FROZEN_WAIT_MS = 1_000;

export interface ReadOptions {
  manifest: string;
  config: string;
  catalog: string;
  state?: string;
  /** ISO time: the clock stands still there. */
  now?: string;
  /** host:port of private targets. */
  allow: readonly string[];
  /** Seconds. */
  maxWait: number;
}

/** Where messages and words go; the process's own streams, or a test's. */
export interface Output {
  write: (lines: string) => Promise<void>;
  log: (line: string) => void;
}

/** Reads the streams of a catalog as Airbyte protocol messages. Returns the exit code, as Airbyte's own: 0, or 1 when a stream failed. Throws InputError. */
export async function read(options: ReadOptions, { write, log }: Output): Promise<0 | 1> {
  const manifestText = readText('manifest', options.manifest);
  const configText = readText('config', options.config);
  const config = readConfig(configText, options.config);
  const streams = readCatalog(readText('catalog', options.catalog), options.catalog);
  const states =
    options.state === undefined ? new Map<string, null>() : readStates(readText('state', options.state), options.state);
  const now = clock(options.now);
  const fail = async (message: string, failureType: Parameters<typeof errorLine>[1]['failureType']): Promise<1> => {
    log(message);
    await write(errorLine(null, { message, failureType }, now()));
    return 1;
  };
  let opened: ReturnType<typeof openSource>;
  try {
    opened = openSource({ manifestText, configText, config, allow: options.allow, now, log });
  } catch (error) {
    const failure = toSluiceError(error);
    if (failure.code === 'INTERNAL') throw error;
    return fail(`${failure.code}: ${failure.message}`, failureTypeOf(failure));
  }
  try {
    const failed = await readStreams({
      source: opened.source,
      streams,
      states,
      now,
      maxWaitMs: options.maxWait * 1_000,
      sleep: async (ms) => void (await delay(options.now === undefined ? ms : Math.min(ms, LONGEST_FROZEN_WAIT_MS))),
      write,
      log,
    });
    // Airbyte ends with this one too, and with this type, whatever the streams' own failures were.
    return failed.length === 0 ? 0 : await fail(`streams that did not complete: ${failed.join(', ')}`, 'config_error');
  } finally {
    await opened.close();
  }
}

function clock(iso: string | undefined): () => number {
  if (iso === undefined) return Date.now;
  const at = Date.parse(iso);
  if (Number.isNaN(at)) throw new InputError(`--now takes an ISO time such as 2024-06-01T00:00:00Z; got ${iso}.`);
  return () => at;
}
