/** `npm run build`. Makes a clone ready to run: right Node, dependencies as the lockfile says, built. Node's standard library only: nothing is installed yet. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withLock } from './lock.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const marker = join(root, 'node_modules', '.sluice-lock-hash');
const NEEDED = [20, 20];

function refuseOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return;
  throw new Error(
    `Sluice needs Node ${NEEDED.join('.')} or newer; this is ${process.versions.node} (${process.execPath}). Install a newer Node and run the command again.`,
  );
}

const lockHash = () =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
const textOf = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : '');

/**
 * npm writes node_modules/.package-lock.json when an install is complete: where it agrees with the lockfile (an `npm install` did the work),
 * installing again would only cost time. Packages of other platforms are absent from it, rightly.
 */
function alreadyInstalled() {
  const hidden = textOf(join(root, 'node_modules', '.package-lock.json'));
  if (hidden === '') return false;
  const installed = JSON.parse(hidden).packages ?? {};
  const wanted = JSON.parse(textOf(join(root, 'package-lock.json'))).packages ?? {};
  return Object.entries(wanted).every(([path, { version, optional, peer }]) => {
    if (path === '' || (installed[path] === undefined && (optional || peer))) return true;
    return installed[path]?.version === version;
  });
}

/** npm itself: the one that runs this script, if one does; `npm` from PATH otherwise. */
function npm(args) {
  const self = process.env.npm_execpath ?? '';
  const [command, first] = basename(self).startsWith('npm-cli') ? [process.execPath, [self]] : ['npm', []];
  const { status, error } = spawnSync(command, [...first, ...args], { cwd: root, stdio: 'inherit' });
  if (error) throw new Error(`npm could not be started (${error.message}). It comes with Node: install it, or put it on PATH.`);
  if (status !== 0) throw new Error(`npm ${args.join(' ')} ended with exit code ${status}; its own message is above.`);
}

async function install(log) {
  const hash = lockHash();
  if (textOf(marker) === hash) return;
  if (!alreadyInstalled()) {
    log('installing the dependencies (npm ci; about half a minute)');
    const started = performance.now();
    npm(['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']);
    log(`dependencies installed (${((performance.now() - started) / 1000).toFixed(0)} s)`);
  }
  writeFileSync(marker, hash);
}

/**
 * @param {{build?: boolean, log?: (line: string) => void}} options `build` (default true) also brings dist up to date.
 * @throws with words for the reader when Node is too old, npm fails, or a file does not compile.
 */
export async function ensureReady({ build = true, log = console.log } = {}) {
  refuseOldNode();
  await withLock(join(root, '.sluice', 'setup.lock'), () => install(log), log);
  if (build) await (await import('./build.mjs')).build({ log });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await ensureReady().catch((error) => {
    // The compiler appends its own stack; the file, line and column come before it.
    console.error(error.message.split('\n\nCaused by')[0].trim());
    process.exitCode = 1;
  });
}
