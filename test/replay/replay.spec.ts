import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { tracedWorker } from '../../libs/temporal/index.js';
import { historyFromText } from '../support/runs/history-json.js';

const FOLDER = resolve('test/replay/histories');
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
const workflowBundle = { codePath: resolve('dist/workflows/bundle.js') };

Runtime.install({ logger: new DefaultLogger('WARN') });

/** A change that makes a running sync fail after an upgrade fails here: put it behind `patched()`, and record anew. */
describe('recorded histories replay with the workflows of today', () => {
  it('cover every workflow in its different endings', () => {
    expect(files.length).toBeGreaterThanOrEqual(9);
  });

  it.each(files)('%s', async (name) => {
    const text = readFileSync(resolve(FOLDER, name), 'utf8');
    await Worker.runReplayHistory({ workflowBundle, sinks: tracedWorker(null).sinks ?? {} }, historyFromText(text));
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

/** Each workflow that begins evaluates the whole bundle anew, so that zod, which makes its schemas then, would cost every call of an action tens of milliseconds. */
it('the bundle of workflows holds no schema library', () => {
  expect(readFileSync(workflowBundle.codePath, 'utf8')).not.toContain('node_modules/zod/');
});
