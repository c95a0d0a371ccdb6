/** The last way to a Temporal server: build its CLI with Go. */
import { execFile, fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { checkoutRoot } from './home.js';
import { tryLock } from './lock.js';
import type { GetBinary } from './temporal-download.js';
import { TEMPORAL_CLI_VERSION } from './temporal-version.js';

/** Later versions of the CLI have replace directives, which `go install` refuses. */
const MODULE = `github.com/temporalio/cli/cmd/temporal@${TEMPORAL_CLI_VERSION}`;
const OLDEST_GO = [1, 25] as const;
/** Modules and build cache of one build, with room to spare. */
const FREE_BYTES_NEEDED = 4 * 1024 ** 3;
const TIME_LIMIT_MS = 20 * 60_000;
const SAY_EVERY_MS = 30_000;

async function checkGo(): Promise<void> {
  const needed = `Go ${OLDEST_GO.join('.')} or newer`;
  const { stdout } = await promisify(execFile)('go', ['env', 'GOVERSION'], { env: cleanEnv() }).catch(() => {
    throw new Error(`go install needs ${needed}, and there is no go on PATH`);
  });
  const [, major, minor] = /go(\d+)\.(\d+)/.exec(stdout) ?? [];
  if (Number(major) > OLDEST_GO[0] || (Number(major) === OLDEST_GO[0] && Number(minor) >= OLDEST_GO[1])) return;
  throw new Error(`go install needs ${needed}; this is ${stdout.trim()}`);
}

function checkDisk(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < FREE_BYTES_NEEDED)
    throw new Error(`go install needs 4 GB free; ${folder} has ${((bavail * bsize) / 1024 ** 3).toFixed(1)} GB`);
}

/** What a developer's own settings would change: flags, other platforms, workspaces. Proxies and caches are theirs to choose. */
function cleanEnv(): NodeJS.ProcessEnv {
  const { GOOS: _os, GOARCH: _arch, GO111MODULE: _modules, ...env } = process.env;
  return { ...env, GOFLAGS: '', GOWORK: 'off' };
}

/** Two starts at once, a demo and a test run: the second waits, and finds the first one's binary. */
async function waitForLock(folder: string, say: (line: string) => void): Promise<() => void> {
  for (let told = false; ; told = true) {
    const lock = tryLock(folder);
    if (typeof lock === 'function') return lock;
    if (!told) say(`temporal: waiting for process ${lock.heldBy}, which is building the CLI`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** @throws with the reason when Go or the disk will not do, or the build fails. */
export async function goInstall({ into, say, keep, isKept }: GetBinary): Promise<void> {
  await checkGo();
  checkDisk(into);
  const folder = join(into, 'go-install');
  const unlock = await waitForLock(folder, say);
  const bin = join(folder, 'bin');
  const log = join(folder, 'build.log');
  const started = performance.now();
  const progress = setInterval(
    () => say(`temporal: still building, ${((performance.now() - started) / 1000).toFixed(0)} s so far`),
    SAY_EVERY_MS,
  );
  try {
    if (isKept()) return;
    say(`temporal: building the CLI with go install ${MODULE} (about 4 minutes, once; log ${log})`);
    rmSync(bin, { recursive: true, force: true }); // of a build that was interrupted
    mkdirSync(bin);
    await run(bin, log);
    keep(join(bin, process.platform === 'win32' ? 'temporal.exe' : 'temporal'));
  } finally {
    clearInterval(progress);
    rmSync(bin, { recursive: true, force: true });
    unlock();
  }
}

function run(bin: string, log: string): Promise<void> {
  const output = openSync(log, 'w');
  return new Promise<void>((resolve, reject) => {
    const child = fork(join(checkoutRoot(), 'dist', 'libs', 'stack', 'tied-child.js'), ['go', 'install', MODULE], {
      cwd: bin, // outside any module
      env: { ...cleanEnv(), GOBIN: bin },
      execArgv: [],
      detached: true,
      stdio: ['ignore', output, output, 'ipc'],
      timeout: TIME_LIMIT_MS,
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(`go install ended with ${signal ?? `exit code ${code}`}: ${readFileSync(log, 'utf8').trim().slice(-500)}`),
        );
    });
  }).finally(() => closeSync(output));
}
