// `npm run conformance -- [--cases DIR] [--templates FILE] [--only NAME…] [--jobs N] [--json FILE]`: Node's standard library until everything is installed and built, then the corpora.
import { fileURLToPath } from 'node:url';
import { ensureReady } from './setup.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
await ensureReady({ build: true });
await import('../dist/test/conformance/main.js');
