/** `node warm-packed.mjs ROOT TEXT CACHE`: lets the packed command line open a source and read none of its streams, and keeps the functions that were compiled. */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runPacked } from '../bin/run-packed.mjs';

const [root, text, cache] = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'sluice-pack-'));
const write = (name, value) => {
  writeFileSync(join(work, name), JSON.stringify(value));
  return join(work, name);
};
const files = {
  manifest: join(root, 'bench/connectors/bulk.yaml'),
  config: write('config.json', { base_url: 'http://localhost' }),
  catalog: write('catalog.json', { streams: [] }),
};
process.argv.splice(2, Infinity, 'connector', 'read', ...Object.entries(files).flatMap(([name, path]) => [`--${name}`, path]));
// No cache may be at hand: what it holds would not be compiled, and not be kept.
const script = runPacked({ root, text, cache: '' });
process.on('exit', (code) => {
  rmSync(work, { recursive: true, force: true });
  if (code !== 0) return;
  const digest = readFileSync(text, 'latin1').slice(2, 2 + 64);
  writeFileSync(`${cache}.part`, Buffer.concat([script.createCachedData(), Buffer.from(digest)]));
  renameSync(`${cache}.part`, cache);
});
