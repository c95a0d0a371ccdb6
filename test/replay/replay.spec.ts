import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { historyFromText } from '../support/runs/history-json.js';

const FOLDER = resolve('test/replay/histories');
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
const [plain, traced] = ['bundle.js', 'bundle.traced.js'].map((name) => ({ codePath: resolve('dist/workflows', name) }));
/** Takes the spans of workflows. */
const sinks = { exporter: { export: { fn: () => undefined, callDuringReplay: false } } };

Runtime.install({ logger: new DefaultLogger('WARN') });

/** A change that makes a running sync fail after an upgrade fails here: put it behind `patched()`, and record anew. */
describe('recorded histories replay with the workflows of today', () => {
  it('cover every workflow in its different endings', () => {
    expect(files.length).toBeGreaterThanOrEqual(9);
  });

  it.each(files)('%s', async (name) => {
    const text = readFileSync(resolve(FOLDER, name), 'utf8');
    await Worker.runReplayHistory({ workflowBundle: plain! }, historyFromText(text));
    await Worker.runReplayHistory({ workflowBundle: traced!, sinks }, historyFromText(text));
  });

  it.each(files)('%s is bounded, and holds no record, no place and no secret', (name) => {
    const text = readFileSync(resolve(FOLDER, name), 'utf8');
    const { events } = JSON.parse(text) as { events: { [field: string]: unknown }[] };
    expect(events.length).toBeLessThan(500);
    const payloads = [...text.matchAll(/"data": "([^"]*)"/g)].map(([, data]) =>
      Buffer.from(data ?? '', 'base64').toString('utf8'),
    );
    for (const payload of payloads) expect(payload.length).toBeLessThan(4_096);
    expect(payloads.filter((payload) => /number \d+|password|postgres:\/\//.test(payload))).toEqual([]);
    expect(text).not.toMatch(/stackTrace|identity|\d+@|\/home\/|node_modules/);
  });
});

/** Each workflow that begins evaluates its whole bundle anew: a schema library would cost each call of an action tens of milliseconds, and what makes spans two. */
it.each([
  ['zod', [plain, traced]],
  ['@opentelemetry', [plain]],
] as const)('the bundles of workflows hold no %s where nobody needs it', (library, bundles) => {
  for (const bundle of bundles) expect(readFileSync(bundle!.codePath, 'utf8')).not.toContain(`node_modules/${library}/`);
});
