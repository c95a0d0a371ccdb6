// `npm run bench -- rest [--rows N] [--rounds N] [--json FILE]`: Node's standard library until everything is installed and built, then the suite.
import { fileURLToPath } from 'node:url';
import { ensureReady } from './setup.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
await ensureReady({ build: true });
await import('../dist/bench/main.js');
