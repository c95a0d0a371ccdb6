// `npm test [-- jest arguments]`: installs and builds what changed, starts a real PostgreSQL and a real Temporal, runs every test on them.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ensureReady } from './setup.mjs';
import { runStep } from './run-step.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
await ensureReady({ build: true });

const { startStack } = await import('../dist/libs/stack/index.js');
const home = '.sluice/test';
mkdirSync(home, { recursive: true });
const stack = await startStack({
  home,
  api: false,
  workers: 0,
  settings: { max_connections: '300' },
  log: (line) => console.log(line),
});
const report = `${home}/report.json`;
rmSync(report, { force: true });
let code;
try {
  ({ code } = await runStep(
    process.execPath,
    [
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
      ...(process.argv.some((argument) => argument.startsWith('--maxWorkers')) ? [] : ['--maxWorkers=2']),
      '--json',
      `--outputFile=${report}`,
      ...process.argv.slice(2),
    ],
    {
      env: {
        SLUICE_TEST_DATABASE_URL: stack.databaseUrl,
        SLUICE_TEST_TEMPORAL_ADDRESS: stack.temporalAddress,
        NODE_NO_WARNINGS: '1',
      },
    },
  ));
} finally {
  await stack.stop();
}

let closing;
try {
  const totals = JSON.parse(readFileSync(report, 'utf8'));
  // A suite that could not even be loaded has no failed test of its own, and still is a failure.
  const failed = totals.numFailedTests + totals.numRuntimeErrorTestSuites;
  closing = { passed: totals.numPassedTests, failed, skipped: totals.numPendingTests + totals.numTodoTests };
} catch {
  closing = { passed: 0, failed: 1, skipped: 0 };
}
console.log(`${closing.passed} passed, ${closing.failed} failed${closing.skipped > 0 ? `, ${closing.skipped} skipped` : ''}`);
process.exit(code === 0 && closing.failed === 0 ? 0 : 1);
