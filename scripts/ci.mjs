// What CI runs: set-up, lint, types, all tests, both corpora of the declarative engine, the demo, a short round of each chaos suite. The last line sums up.
import { fileURLToPath } from 'node:url';
import { closingLine, runStep } from './run-step.mjs';
import { ensureReady } from './setup.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const started = performance.now();
await ensureReady({ build: true });

const node = process.execPath;
/** They only read, and each uses one core: two queues, side by side. */
const CHECKS = [
  [{ name: 'eslint', command: [node, 'node_modules/eslint/bin/eslint.js', '.'] }],
  [
    { name: 'prettier', command: [node, 'node_modules/prettier/bin/prettier.cjs', '--check', '.'] },
    { name: 'knip', command: [node, 'node_modules/knip/bin/knip.js'] },
    { name: 'types', command: [node, 'node_modules/typescript/bin/tsc', '--noEmit'] },
  ],
];
/** One after another. A step counts what its closing line counts, or as one. */
const STEPS = [
  { name: 'tests', command: ['npm', 'test'], counts: true },
  { name: 'conformance', command: ['npm', 'run', 'conformance'], counts: true },
  { name: 'demo', command: ['npm', 'run', 'demo', '--', '--once'] },
  { name: 'chaos modes', command: ['npm', 'run', 'chaos', '--', 'modes', '--rounds', '1'] },
  { name: 'chaos zombies', command: ['npm', 'run', 'chaos', '--', 'zombies', '--rounds', '1'] },
  { name: 'chaos verify', command: ['npm', 'run', 'chaos', '--', 'verify', '--rounds', '1'] },
  { name: 'chaos servers', command: ['npm', 'run', 'chaos', '--', 'servers', '--rounds', '1'] },
];

const total = { passed: 0, failed: 0, skipped: 0 };
const skipped = [];
const failed = [];
async function run({ name, command, counts }, { hold = false } = {}) {
  console.log(`\n=== ${name}`);
  const { code, tail, seconds } = await runStep(command[0], command.slice(1), { hold });
  const closing = (counts && closingLine(tail)) || { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  if (code !== 0 && closing.failed === 0) closing.failed = 1;
  for (const key of ['passed', 'failed', 'skipped']) total[key] += closing[key];
  if (closing.skipped > 0) skipped.push(`${name}: ${closing.skipped}`);
  if (code !== 0) failed.push(name);
  console.log(`=== ${name}: ${code === 0 ? 'ok' : `failed (exit code ${code})`} in ${seconds.toFixed(0)} s`);
}
const runAll = async (steps, options) => {
  for (const step of steps) await run(step, options);
};
await Promise.all(CHECKS.map((queue) => runAll(queue, { hold: true })));
await runAll(STEPS);
console.log(
  `\ntook ${((performance.now() - started) / 1000).toFixed(0)} s${failed.length > 0 ? `; failed: ${failed.join(', ')}` : ''}`,
);
console.log(`skipped: ${skipped.length > 0 ? skipped.join('; ') : 'nothing'}`);
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exit(total.failed === 0 ? 0 : 1);
