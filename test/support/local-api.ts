import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import type { BudgetGate } from '../../libs/contracts/budget.port.js';
import type { JsonObject } from '../../libs/contracts/json.js';
import type { Source } from '../../libs/contracts/source.port.js';
import type { Position, StreamState } from '../../libs/contracts/stream.js';
import { Egress, EgressAllowList } from '../../libs/egress/index.js';
import { budgetAccountOf, compileManifest, createDeclarativeSource } from '../../libs/connectors/index.js';
import { recordsOf } from '../../libs/pipeline/index.js';

/** What a test's API answers: [status, body, headers]. Objects are sent as JSON, streams as they come. */
export type Reply = [status: number, body?: unknown, headers?: Record<string, string>];
export type Handle = (
  request: { method: string; url: string; body: string; headers: IncomingMessage['headers'] },
  base: string,
) => Reply;

const freeGate: BudgetGate = { acquire: async () => ({ settle: async () => undefined }) };

export interface Api {
  base: string;
  /** `METHOD path`, in order. */
  asked: string[];
  close(): Promise<void>;
}

/** An API on this machine, on a free port. */
export async function startApi(handle: Handle): Promise<Api> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { method = 'GET', url = '/', headers } = request;
      asked.push(`${method} ${url}`);
      const [status, body = '', extra = {}] = handle({ method, url, headers, body: Buffer.concat(pieces).toString() }, base);
      if (body instanceof Readable) {
        response.writeHead(status, extra);
        // A reader that leaves is no error of the API.
        pipeline(body, response, () => undefined);
        return;
      }
      const raw = typeof body === 'string' || Buffer.isBuffer(body);
      response.writeHead(status, { 'content-type': 'application/json', ...extra });
      response.end(raw ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    base,
    asked,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

/** A source that speaks to it through the real egress. Waits pass at once, on a clock of their own. */
export function openSource(
  manifest: unknown,
  api: Api,
  config: JsonObject = {},
): { source: Source; clock: { now: number }; close(): Promise<void> } {
  // As stored; sources of one manifest share their model, as in a worker.
  const model = compileManifest(JSON.parse(JSON.stringify(manifest)));
  const given = { base: api.base, ...config };
  const egress = new Egress({ allow: EgressAllowList.parse(api.base.slice('http://'.length)), gate: freeGate, version: '0' });
  const http = egress.client({ account: budgetAccountOf({ model, config: given, workspaceId: 'w' }), class: 'batch' });
  const clock = { now: Date.parse('2024-06-01T00:00:00Z') };
  const sleep = async (ms: number) => void (clock.now += ms);
  const source = createDeclarativeSource({ model, config: given, http, now: () => clock.now, sleep });
  return {
    source,
    clock,
    async close() {
      await source.close();
      await egress.close();
    },
  };
}

/** All records and positions of a stream's slices, in order. */
export async function readAll(
  { source, clock }: Pick<ReturnType<typeof openSource>, 'source' | 'clock'>,
  stream: string,
  options: { position?: Position | null; state?: StreamState } = {},
): Promise<{ records: Record<string, unknown>[]; positions: (Position | null)[]; error: unknown; state: StreamState }> {
  const records: Record<string, unknown>[] = [];
  const positions: (Position | null)[] = [];
  const plan = { stream, state: options.state ?? null, incremental: true, now: new Date(clock.now).toISOString() };
  const progress = source.progress(plan);
  let error: unknown = null;
  try {
    for (const slice of (await source.slices({ ...plan, after: null })).slices) {
      let reached = options.position ?? null;
      const signal = new AbortController().signal;
      for await (const page of source.read({ stream, slice, position: reached, signal })) {
        records.push(...recordsOf(page));
        positions.push((reached = page.position));
      }
      progress.add(slice, reached);
    }
  } catch (thrown) {
    error = thrown;
  }
  return { records, positions, error, state: progress.message({ whole: error === null, seconds: 1 }) };
}
