import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readCase } from './read-case.js';

/** A corpus of real manifests with recorded answers, beside the checkout; without it these tests are skipped. */
const corpus = [process.env['SLUICE_SHARED'], resolve('../shared')]
  .map((folder) => join(folder ?? '/nowhere', 'conformance'))
  .find((folder) => existsSync(folder));

/** Chosen for what they use: paging, windows, partitions with state, errors to retry, transformations, big numbers. */
const CASES = ['luma', 'mailersend', 'mention', 'circleci', 'shortio', 'youtube-data', 'gutendex', 'bitly'];

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

interface Compared {
  pass: boolean;
  diffs: string[];
}

async function runCase(root: string, name: string, run: number, now: string): Promise<Compared> {
  const folder = join(root, 'cases', name);
  const work = mkdtempSync(join(tmpdir(), 'conformance-'));
  const port = await freePort();
  const local = (file: string): string => {
    const path = join(work, file);
    writeFileSync(path, readFileSync(join(folder, file), 'utf8').replaceAll('127.0.0.1:8799', `127.0.0.1:${port}`));
    return path;
  };
  const log = join(work, 'requests.jsonl');
  const server = spawn(
    process.execPath,
    [join(root, 'server.mjs'), folder, '--port', String(port), '--run', String(run), '--log', log],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const ended = new Promise((done) => server.once('exit', done));
  try {
    await new Promise<void>((done, fail) => {
      server.once('exit', () => fail(new Error('the recorded server did not start')));
      server.stdout.on('data', (text: Buffer) => text.includes('listening') && done());
    });
    const lines = await readCase({
      manifest: local('manifest.yaml'),
      config: local('config.json'),
      catalog: local('catalog.json'),
      ...(run === 2 ? { state: local('state.json') } : {}),
      now,
      allow: `127.0.0.1:${port}`,
    });
    writeFileSync(join(work, 'actual.jsonl'), lines.join('\n'));
    server.kill();
    await ended;
    const { compare } = (await import(join(root, 'compare.mjs'))) as {
      compare: (folder: string, run: number, actual: string, requests: string, port: number) => Compared;
    };
    return compare(folder, run, join(work, 'actual.jsonl'), log, port);
  } finally {
    server.kill();
    rmSync(work, { recursive: true, force: true });
  }
}

(corpus === undefined ? describe.skip : describe)('reading real manifests as the reference does', () => {
  it.each(CASES)('%s', async (name) => {
    const root = corpus ?? '';
    const { runs, now } = JSON.parse(readFileSync(join(root, 'cases', name, 'case.json'), 'utf8')) as {
      runs: number[];
      now: string;
    };
    for (const run of runs) expect((await runCase(root, name, run, now)).diffs).toEqual([]);
  });
});
