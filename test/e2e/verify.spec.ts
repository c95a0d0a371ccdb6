import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Metadata } from '../../libs/contracts/metadata.js';
import { startVerification } from '../../libs/runs/index.js';
import { findSync, getVerification, listFindings, listVerificationStreams } from '../../libs/store/index.js';
import { generateApiKey } from '../../libs/secrets/index.js';
import { startApp, type AppProcess } from '../support/app-process.js';
import { Gate } from '../support/runs/gate.js';
import { historyToText } from '../support/runs/history-json.js';
import { RunWorld } from '../support/runs/run-world.js';

const ended = ({ finishedAt }: { finishedAt: Date | null }) => finishedAt !== null;
let world: RunWorld;
let api: AppProcess;
const key = generateApiKey();
beforeAll(async () => {
  world = await RunWorld.create();
  await world.startWorker();
  api = await startApp('api', { env: world.apiEnvironment(key) });
});
afterAll(async () => {
  await api?.stop();
  await world?.close();
});

async function loaded(
  table: string,
  mode: 'incremental_append' | 'incremental_upsert',
  metadata?: readonly Metadata[],
): Promise<string> {
  const sync = await world.createSync({ source: { rows: 2_000, slices: 3 }, mode, table, ...(metadata && { metadata }) });
  expect(await world.until(await world.start(sync), ended)).toMatchObject({ state: 'succeeded' });
  return sync;
}
async function verified(sync: string, asked: { source?: boolean; repair?: boolean } = {}) {
  const { pool, temporal, workspaceId } = world;
  const request = { workspaceId, syncId: sync, streams: ['numbers'], source: false, repair: false, ...asked };
  const { id } = await startVerification({ pool, temporal }, request);
  await temporal.client.workflow.getHandle(`verify-${id}`).result();
  const [stream] = await listVerificationStreams(pool, { id });
  const { rows } = await listFindings(pool, { id, stream: null, kind: null, after: null, limit: 100 });
  return { id, stream, findings: rows, row: await getVerification(pool, { id }) };
}
/** Exit code and output of the command line, as a stranger calls it. */
async function cli(...args: string[]): Promise<{ code: number; out: string }> {
  const env = { PATH: process.env['PATH'] ?? '', SLUICE_URL: api.address, SLUICE_API_KEY: key };
  return promisify(execFile)('bin/sluice', args, { env }).then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    (error: { code: number; stdout: string; stderr: string }) => ({ code: error.code, out: error.stdout + error.stderr }),
  );
}

describe('a verification', () => {
  it('finds nothing where nothing is wrong', async () => {
    const sync = await loaded('clean', 'incremental_append');
    expect(await verified(sync)).toMatchObject({
      row: { state: 'succeeded' },
      stream: { found: {}, rows: 2_000, records: null },
    });
    expect(await verified(sync, { source: true })).toMatchObject({ stream: { found: {}, rows: 2_000, records: 2_000 } });
  });

  it('knows by the ledger alone that rows are gone, by the source which, and brings them back', async () => {
    const sync = await loaded('robbed', 'incremental_upsert');
    await world.destination.query(`DELETE FROM public.robbed WHERE id IN (7, 1999)`);
    await world.destination.query(`UPDATE public.robbed SET text = 'number 70000001' WHERE id = 70`);
    expect(await verified(sync)).toMatchObject({
      stream: { found: { row_count: 1 } },
      findings: [{ kind: 'row_count', key: null, detail: expect.stringContaining('1998') }],
    });
    const { id, findings, stream } = await verified(sync, { source: true, repair: true });
    expect(
      findings.filter((finding) => finding.key !== null).sort((a, b) => Number(a.key?.['id']) - Number(b.key?.['id'])),
    ).toMatchObject([
      { kind: 'missing', key: { id: '7' }, outcome: 'repaired' },
      { kind: 'differing', key: { id: '70' }, columns: ['text'], outcome: 'repaired' },
      { kind: 'missing', key: { id: '1999' }, outcome: 'repaired' },
    ]);
    expect(stream).toMatchObject({ repaired: 3 });
    expect(await world.rows('robbed')).toMatchObject({ count: 2_000, distinct: 2_000 });
    expect(await verified(sync, { source: true })).toMatchObject({ stream: { found: {} } });

    const history = historyToText(await world.temporal.client.workflow.getHandle(`verify-${id}`).fetchHistory());
    const payloads = [...history.matchAll(/"data": "([^"]*)"/g)].map(([, data]) => Buffer.from(data ?? '', 'base64').toString());
    expect(payloads.join()).not.toMatch(/1999|70000001/);
  });

  it('with the source waits for no run, and one that a run disturbs says so', async () => {
    const gate = new Gate();
    const sync = await world.createSync({
      source: { rows: 2_000, slices: 3, gate: { at: 1_500, file: gate.file } },
      mode: 'incremental_upsert',
      table: 'busy',
    });
    const run = await world.start(sync);
    await gate.reached();
    await expect(verified(sync, { source: true })).rejects.toMatchObject({ code: 'RUN_ACTIVE', details: { run } });
    expect(await verified(sync)).toMatchObject({ row: { state: 'succeeded' }, stream: { found: {} } });
    gate.open();
    await world.until(run, ended);
    rmSync(gate.file);
    rmSync(`${gate.file}.reached`);
    const { pool, temporal, workspaceId } = world;
    const asked = { workspaceId, syncId: sync, streams: ['numbers'], source: true, repair: false };
    const { id } = await startVerification({ pool, temporal }, asked);
    await gate.reached();
    await expect(startVerification({ pool, temporal }, asked)).rejects.toMatchObject({ code: 'VERIFICATION_ACTIVE' });
    const next = await world.start(sync);
    gate.open();
    await temporal.client.workflow.getHandle(`verify-${id}`).result();
    await world.until(next, ended);
    expect(await listVerificationStreams(pool, { id })).toMatchObject([
      { state: 'failed', error: { code: 'VERIFICATION_DISTURBED' } },
    ]);
    expect(await findSync(pool, { workspaceId, id: sync })).not.toBeNull();
  });

  it('finds rows that were changed without asking the source, where they have digests, and repairs them with it', async () => {
    for (const mode of ['incremental_append', 'incremental_upsert'] as const) {
      const table = `digests_${mode}`;
      const sync = await loaded(table, mode, ['digest']);
      expect(await cli('verify', sync)).toEqual({ code: 0, out: 'numbers: 2000 rows: right\n' });
      await world.destination.query(`UPDATE public.${table} SET text = 'number 70000001' WHERE id = 70`);
      const wrong = { code: 1, out: 'numbers: 2000 rows: 1 digest\n  numbers: digest {"id":"70"}\n' };
      expect(await cli('verify', sync)).toEqual(wrong);
      const repaired = await cli('verify', sync, '--repair');
      if (mode === 'incremental_append') expect(repaired.out).toContain('differing {"id":"70"} (text) [left]');
      else expect(repaired).toMatchObject({ code: 0, out: expect.stringContaining('differing {"id":"70"} (text) [repaired]') });
      expect(await cli('verify', sync)).toMatchObject({ code: mode === 'incremental_append' ? 1 : 0 });
    }
  });

  it('is asked for on the command line, which says what is wrong by its exit code', async () => {
    const sync = await loaded('typed', 'incremental_upsert');
    expect(await cli('verify', sync, '--source')).toEqual({
      code: 0,
      out: 'numbers: 2000 rows against 2000 records of the source: right\n',
    });
    await world.destination.query(`UPDATE public.typed SET text = NULL WHERE id = 5`);
    const wrong = await cli('verify', sync, '--source');
    expect(wrong).toMatchObject({ code: 1, out: expect.stringContaining('numbers: differing {"id":"5"} (text)') });
    const repaired = await cli('verify', sync, '--repair', '--json');
    expect(repaired.code).toBe(0);
    expect(JSON.parse(repaired.out)).toMatchObject({ findings: [{ kind: 'differing', outcome: 'repaired' }] });
    expect(await cli('verify', '7d5f6a1e-8f5e-4f0a-9d11-0b4a3a1c2d3e')).toMatchObject({
      code: 2,
      out: expect.stringContaining('NOT_FOUND'),
    });
  });
});
