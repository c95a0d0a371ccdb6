import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const PACKED = join(ROOT, 'dist/apps/cli/packed.cjs');
let work: string;

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'sluice-packed-'));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', env: { PATH: '' } });

/** Runs a packed text with a code cache, as bin/sluice does; prints what it says and whether V8 refused the cache. */
function run(text: string, cache: string, args: readonly string[] = []) {
  const script = join(work, 'run.mjs');
  writeFileSync(
    script,
    `import { runPacked } from ${JSON.stringify(join(ROOT, 'bin/run-packed.mjs'))};
     const script = runPacked({ root: ${JSON.stringify(work)}, text: ${JSON.stringify(text)}, cache: ${JSON.stringify(cache)} });
     console.log(String(script.cachedDataRejected));`,
  );
  return node(script, ...args)
    .stdout.trim()
    .split('\n');
}

/** A packed text that says a word, and the code cache of it. */
function packed(name: string, { word, digest }: { word: string; digest: string }) {
  const text = join(work, `${name}.cjs`);
  const cache = join(work, `${name}.cache`);
  writeFileSync(text, `/*${digest.repeat(64)}*/(function(){console.log('${word}')})`);
  const make = `const vm = require('node:vm'), fs = require('node:fs');
    const script = new vm.Script(fs.readFileSync(${JSON.stringify(text)}, 'utf8'), { filename: ${JSON.stringify(text)} });
    script.runInThisContext()();
    fs.writeFileSync(${JSON.stringify(cache)}, Buffer.concat([script.createCachedData(), Buffer.from('${digest.repeat(64)}')]));`;
  expect(node('-e', make).status).toBe(0);
  return { text, cache };
}

describe('the command line in one file', () => {
  it('answers, and imports what stays outside of it when it is asked for', () => {
    const validate = node('bin/sluice', 'connector', 'validate', 'bench/connectors/bulk.yaml');
    expect(validate.stdout).toBe('bench/connectors/bulk.yaml is valid: 2 streams can be read (bulk, bulk-transform)\n');
    expect(node('bin/sluice', 'status').stdout).toMatch(/Nothing is up|NAME/);
    expect(node('bin/sluice', 'connector', 'validate', '/nowhere.yaml')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('there is no such file'),
    });
  });

  it('is compiled from a code cache that this Node takes', () => {
    const said = run(PACKED, PACKED.replace(/cjs$/, 'cache'), ['connector', 'validate', 'bench/connectors/bulk.yaml']);
    expect(said).toEqual(['false', expect.stringContaining('is valid')]);
  });

  it('does not take the code cache of another text, which V8 would', () => {
    const one = packed('one', { word: 'one', digest: '1' });
    const two = packed('two', { word: 'two', digest: '2' });
    expect(readFileSync(one.text).length).toBe(readFileSync(two.text).length);
    expect(run(one.text, one.cache)).toEqual(['one', 'false']);
    expect(run(one.text, two.cache)).toEqual(['one', 'undefined']);
    expect(run(one.text, join(work, 'nowhere.cache'))).toEqual(['one', 'undefined']);
  });

  it('goes on without a code cache that is damaged', () => {
    const { text, cache } = packed('three', { word: 'three', digest: '3' });
    writeFileSync(cache, Buffer.concat([Buffer.from('not a code cache'), Buffer.from('3'.repeat(64))]));
    expect(run(text, cache)).toEqual(['three', 'true']);
  });
});
