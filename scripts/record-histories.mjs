// Records a history of every workflow, in its different endings, for test/replay. Run it after a change of a workflow that old histories cannot follow
// and that was made behind a patch, or as a workflow of another name (the old one's are then `retired-…` and stay): `npm run build && node scripts/record-histories.mjs [NAME…]`.
// With names it writes these and keeps the others, as they were recorded before the change. Needs what `npm test` needs.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureReady } from './setup.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
await ensureReady({ build: true });
const { startStack } = await import('../dist/libs/stack/index.js');
const { recordHistories } = await import('../dist/test/support/runs/record-histories.js');

const wanted = process.argv.slice(2);
const home = '.sluice/record';
mkdirSync(home, { recursive: true });
const stack = await startStack({ home, api: false, workers: 0, log: (line) => console.log(line) });
process.env.SLUICE_TEST_DATABASE_URL = stack.databaseUrl;
process.env.SLUICE_TEST_TEMPORAL_ADDRESS = stack.temporalAddress;
try {
  const folder = 'test/replay/histories';
  const histories = await recordHistories();
  if (wanted.length === 0) for (const file of readdirSync(folder)) if (!file.startsWith('retired-')) rmSync(join(folder, file));
  for (const [name, json] of Object.entries(histories)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    writeFileSync(`${folder}/${name}.json`, json);
    console.log(`${name}: ${json.length} bytes`);
  }
} finally {
  await stack.destroy();
}
process.exit(0);
