import { toSluiceError, type SluiceError } from '../../../libs/errors/index.js';
import type { Source } from '../../../libs/contracts/source.port.js';
import { InputError } from './input-error.js';
import { readConfig, readText } from './input-files.js';
import { openSource } from './open-source.js';

/** What every command takes that calls a source. */
export interface SourceFiles {
  manifest: string;
  config: string;
  /** ISO time: the clock stands still there. */
  now?: string;
  /** host:port of private targets. */
  allow: readonly string[];
}

/** Where messages and words go; the process's own streams, or a test's. */
export interface Output {
  /** Whole lines, in UTF-8; resolves when more may come. */
  write: (lines: string | Buffer) => Promise<void>;
  log: (line: string) => void;
}

/**
 * Opens the source that the files describe, for as long as `work` takes. `refused` tells what is wrong with them, beyond being unreadable.
 * Throws InputError, and what `work` throws.
 */
export async function withSource<Result>(
  files: SourceFiles,
  { log }: Output,
  {
    work,
    refused,
  }: { work: (source: Source, now: () => number) => Promise<Result>; refused: (error: SluiceError) => Promise<Result> },
): Promise<Result> {
  const manifestText = readText('manifest', files.manifest);
  const configText = readText('config', files.config);
  const config = readConfig(configText, files.config);
  const now = clock(files.now);
  let opened: ReturnType<typeof openSource>;
  try {
    opened = openSource({ manifestText, configText, config, allow: files.allow, now, log });
  } catch (error) {
    const failure = toSluiceError(error);
    if (failure.code === 'INTERNAL') throw error;
    return refused(failure);
  }
  try {
    return await work(opened.source, now);
  } finally {
    await opened.close();
  }
}

/** Throws InputError. */
export function clock(iso: string | undefined): () => number {
  if (iso === undefined) return Date.now;
  const at = Date.parse(iso);
  if (Number.isNaN(at)) throw new InputError(`--now takes an ISO time such as 2024-06-01T00:00:00Z; got ${iso}.`);
  return () => at;
}
