import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { read } from '../../apps/cli/connector/read.js';
import type { Output } from '../../apps/cli/connector/source-files.js';
import { caseFacts } from './corpus.js';
import { startRecordedServer } from './recorded-server.js';

/** As in the corpus' own runner. */
const LIMIT_MS = 120_000;
/** Where the recordings were made; everything moves to the port of the server. */
const RECORDED_AT = '127.0.0.1:8799';

export interface PlayedCase {
  name: string;
  /** Empty: the case is met. Each begins with its run. */
  differences: string[];
}

interface Compared {
  pass: boolean;
  diffs: string[];
}

type Compare = (folder: string, run: number, actual: string, requests: string, port: number) => Compared;

/** Reads a case's streams against its recorded answers and compares with what the reference did. `program`: in a process of its own, as a user would. */
export async function playCase(request: { corpus: string; cases: string; name: string; program: boolean }): Promise<PlayedCase> {
  const { corpus, cases, name, program } = request;
  const folder = join(cases, name);
  const { runs, now } = caseFacts(cases, name);
  const { compare } = (await import(pathToFileURL(join(corpus, 'compare.mjs')).href)) as { compare: Compare };
  const differences: string[] = [];
  for (const run of runs) {
    const work = mkdtempSync(join(tmpdir(), 'conformance-'));
    const log = join(work, 'requests.jsonl');
    try {
      const server = await startRecordedServer({ corpus, folder, run, log });
      const files = { ...copyInputs({ folder, work, port: server.port, withState: run === 2 }), now };
      const actual = join(work, 'actual.jsonl');
      writeFileSync(actual, '');
      let trouble: string | null;
      try {
        trouble = await (program ? playInProgram(files, actual) : playHere(files, actual));
      } finally {
        await server.stop();
      }
      const { diffs } = compare(folder, run, actual, log, server.port);
      differences.push(...[...(trouble === null ? [] : [trouble]), ...diffs].map((text) => `run ${run}: ${text}`));
    } catch (error) {
      differences.push(`run ${run}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return { name, differences };
}

interface Inputs {
  manifest: string;
  config: string;
  catalog: string;
  state?: string;
}

function copyInputs(request: { folder: string; work: string; port: number; withState: boolean }): Inputs {
  const { folder, work, port, withState } = request;
  const local = (file: string): string => {
    const path = join(work, file);
    writeFileSync(path, readFileSync(join(folder, file), 'utf8').replaceAll(RECORDED_AT, `127.0.0.1:${port}`));
    return path;
  };
  return {
    manifest: local('manifest.yaml'),
    config: local('config.json'),
    catalog: local('catalog.json'),
    ...(withState && existsSync(join(folder, 'state.json')) ? { state: local('state.json') } : {}),
  };
}

/** What went wrong with the command itself; null: nothing. */
async function playHere(files: Inputs & { now: string }, actual: string): Promise<string | null> {
  const words: string[] = [];
  const output: Output = {
    write: async (lines) => appendFileSync(actual, lines),
    log: (line) => void words.push(line),
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, LIMIT_MS, 'late')));
  try {
    const code = await Promise.race([read({ ...files, allow: [], maxWait: LIMIT_MS / 1_000 }, output), late]);
    if (code === 'late') return `not done after ${LIMIT_MS / 1_000} s`;
    return code === 0 ? null : `exit code ${code}: ${(words[1] ?? words[0] ?? '').slice(0, 600)}`;
  } finally {
    clearTimeout(timer);
  }
}

async function playInProgram(files: Inputs & { now: string }, actual: string): Promise<string | null> {
  const options = Object.entries<string>({ ...files }).flatMap(([name, value]) => [`--${name}`, value]);
  const out = openSync(actual, 'w');
  const child = spawn(process.execPath, [resolve('bin/sluice'), 'connector', 'read', ...options], {
    stdio: ['ignore', out, 'pipe'],
    timeout: LIMIT_MS,
  });
  closeSync(out);
  let words = '';
  child.stderr?.on('data', (text: Buffer) => (words += text.toString()));
  const code = await new Promise<number | string | null>((done, fail) => {
    child.once('error', fail);
    child.once('close', (status, signal) => done(status ?? signal));
  });
  return code === 0 ? null : `bin/sluice ended with ${code}: ${words.slice(0, 600)}`;
}
