// `npm run demo [-- all|sync|scenarios] [--once] [--rows N]`: Node's standard library until everything is installed and built, then the demo itself.
import { fileURLToPath } from 'node:url';
import { ensureReady } from './setup.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
await ensureReady({ build: true });
await import('../dist/apps/demo/main.js');
