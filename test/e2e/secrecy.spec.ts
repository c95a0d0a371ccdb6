import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { createDemoSync } from '../../apps/demo/demo-sync.js';
import { RestClient } from '../../apps/demo/rest-client.js';
import { ShopClient } from '../../apps/demo/shop-client.js';
import type { RunView } from '../../libs/contracts/run.schema.js';
import { startStack, type Stack } from '../../libs/stack/index.js';
import { TraceCollector } from '../support/trace-collector.js';

/** In every record of the shop, and nowhere else. */
const MARKER = 'marker-4c61e07b';
const ROWS = 30_000;
const MOST_EVENTS = 500;
const LARGEST_PAYLOAD_BYTES = 4_096;

interface PayloadLike {
  data?: Uint8Array | null;
  metadata?: unknown;
}

/** Every payload anywhere in a history, found by its form. */
function payloads(value: unknown, found: PayloadLike[] = []): PayloadLike[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return found;
  if ('metadata' in value && 'data' in value) found.push(value as PayloadLike);
  for (const inner of Object.values(value)) payloads(inner, found);
  return found;
}

/** Text of everything in a history, payloads decoded. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner instanceof Uint8Array) return Buffer.from(inner).toString('utf8');
    return typeof inner === 'bigint' ? String(inner) : inner;
  });
}

async function until<T>(look: () => T, is: (seen: T) => boolean): Promise<T> {
  for (const end = Date.now() + 10_000; ; await delay(50)) {
    const seen = look();
    if (is(seen) || Date.now() > end) return seen;
  }
}

describe('records and credentials', () => {
  let stack: Stack;
  let rest: RestClient;
  let shop: ShopClient;
  let collector: TraceCollector;
  const answers: string[] = [];
  const workflows: string[] = [];

  beforeAll(async () => {
    collector = await TraceCollector.start();
    stack = await startStack({
      home: `.sluice/secrecy-${process.pid}`,
      demoShop: { args: ['--events', String(ROWS), '--marker', MARKER] },
      env: {
        LOG_LEVEL: 'debug',
        SLUICE_FAILURE_BUDGET: '1',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_BSP_SCHEDULE_DELAY: '200',
      },
    });
    rest = new RestClient(stack.apiUrl, stack.apiKey);
    shop = new ShopClient(stack.shopUrl, stack.shopAdminToken);
  });
  afterAll(async () => {
    await stack?.destroy();
    await collector?.stop();
  });

  async function runOnce(syncId: string): Promise<RunView> {
    const { id } = await rest.post<{ id: string }>(`/v1/syncs/${syncId}/runs`);
    for (;;) {
      const run = await rest.get<RunView>(`/v1/runs/${id}`);
      if (run.finished_at === null) {
        await delay(100);
        continue;
      }
      workflows.push(run.workflow_id);
      answers.push(JSON.stringify([run, await rest.get(`/v1/runs/${id}/log`)]));
      return run;
    }
  }

  it('appear in no history, log, trace, error or answer, whether a run succeeds, meets broken answers, or is refused by the destination', async () => {
    const { syncId, table } = await createDemoSync(rest, stack);
    expect(await runOnce(syncId)).toMatchObject({ state: 'succeeded', counts: { read: ROWS } });

    const warehouse = new pg.Client({ connectionString: stack.warehouseUrl });
    await warehouse.connect();
    try {
      const { rows } = await warehouse.query<{ row: string }>(
        `SELECT row_to_json(t)::text AS row FROM public.${table} t LIMIT 1`,
      );
      expect(rows[0]?.row).toContain(MARKER); // the marker is where it belongs
      await warehouse.query(`ALTER TABLE public.${table} ADD CONSTRAINT never CHECK (id < 0) NOT VALID`);
    } finally {
      await warehouse.end();
    }
    await shop.call('POST', '/shop/_admin/append?entity=events&count=500');
    expect(await runOnce(syncId)).toMatchObject({ state: 'failed', error: { code: 'DESTINATION_CONSTRAINT' } });

    await shop.call('PUT', '/shop/_admin/faults', [{ kind: 'bad_json', match: { entity: 'events' } }]);
    expect(await runOnce(syncId)).toMatchObject({ state: 'failed', error: { code: 'SOURCE_BAD_RESPONSE' } });

    const secrets = [MARKER, stack.shopApiKey, stack.apiKey, decodeURIComponent(new URL(stack.warehouseUrl).password)];
    const connection = await Connection.connect({ address: stack.temporalAddress });
    try {
      const client = new Client({ connection });
      for (const workflow of workflows) {
        const { events } = await client.workflow.getHandle(workflow).fetchHistory();
        expect(events?.length).toBeLessThan(MOST_EVENTS);
        const found = payloads(events);
        expect(found.length).toBeGreaterThan(0);
        expect(Math.max(...found.map(({ data }) => data?.length ?? 0))).toBeLessThan(LARGEST_PAYLOAD_BYTES);
        for (const secret of secrets) expect(textOf(events)).not.toContain(secret);
      }
    } finally {
      await connection.close();
    }
    // The last spans of a run leave within the exporter's delay.
    const { spans } = await until(
      () => collector,
      ({ spans }) => spans.filter(({ name }) => name === 'RunWorkflow:syncWorkflow').length === workflows.length,
    );
    const start = spans.find(({ name }) => name === 'POST /v1/syncs/:id/runs');
    const ofStart = spans.filter(({ trace }) => trace === start?.trace).map(({ name }) => name);
    // From the request through the workflow into its activities, and out to the source.
    expect(ofStart).toEqual(
      expect.arrayContaining([
        'StartWorkflow:syncWorkflow',
        'RunWorkflow:syncWorkflow',
        'RunActivity:moveChunks',
        'GET 127.0.0.1',
      ]),
    );

    const logs = join(stack.home, 'logs');
    const written = readdirSync(logs).map((file) => readFileSync(join(logs, file), 'utf8'));
    for (const secret of secrets)
      for (const text of [...written, ...answers, ...collector.bodies]) expect(text.includes(secret)).toBe(false);
  });
});
