import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Mode } from '../options.js';
import { lastJson, runChild } from '../run-child.js';
import { bareCase } from './bare.case.js';
import type { BenchCase } from './bench-case.js';
import { ITEM_COLUMNS } from './columns.js';

export interface Reference {
  cases: BenchCase[];
  stop(): void;
}

/** Parts of the reference harness that are needed: its loader, its rows, its source. */
const PARTS = ['node', 'lib', 'mock'];
const TABLE = 'items_node';
const READY_MS = 120_000;

/**
 * A hand-written loader from outside this project against which the bare one is checked, where it is there: `SLUICE_SHARED`, else `shared`
 * beside the checkout. Both read the reference's own source by offsets, into a table with a primary key.
 * @returns undefined when it is not there
 */
export async function startReference(request: {
  root: string;
  work: string;
  rows: number;
  modes: readonly Mode[];
  databaseUrl: string;
}): Promise<Reference | undefined> {
  const { root, work, rows, modes, databaseUrl } = request;
  const from = join(process.env['SLUICE_SHARED'] ?? join(root, '..', 'shared'), 'bench');
  if (!PARTS.every((part) => existsSync(join(from, part)))) return undefined;
  // a copy inside the checkout finds our packages
  const folder = join(work, 'reference');
  rmSync(folder, { recursive: true, force: true });
  for (const part of PARTS) cpSync(join(from, part), join(folder, part), { recursive: true });
  const source = await startSource(folder, rows);
  const cases = modes.flatMap((mode) => [
    referenceCase({ mode, rows, folder, origin: source.origin, databaseUrl }),
    bareCase(`bare-${mode}/items`, {
      databaseUrl,
      source: { origin: source.origin, path: '/items', pagination: 'offset', totalRows: rows },
      table: 'public.items_bare',
      columns: ITEM_COLUMNS.map(([name, type]) => [name, type]),
      mode,
      key: 'id',
      cursor: 'updated_at',
    }),
  ]);
  return { cases, stop: () => source.child.kill('SIGKILL') };
}

function referenceCase(request: { mode: Mode; rows: number; folder: string; origin: string; databaseUrl: string }): BenchCase {
  const { mode, rows, folder, origin, databaseUrl } = request;
  const args = ['--mode', mode === 'append' ? 'append' : 'merge', '--http', 'undici', '--loaders', '2', '--table', TABLE];
  return {
    name: `shared-ref-${mode}`,
    rows,
    table: `public.${TABLE}`,
    async run() {
      const env = { PG_URL: databaseUrl, MOCK_URL: origin, ROWS: String(rows), PAGE: '1000' };
      const { stdout } = await runChild(process.execPath, [join(folder, 'node', 'loader.mjs'), ...args], { env });
      const said = lastJson(stdout);
      return { rows: Number(said['rows']), seconds: Number(said['s']), peakMemoryMb: Number(said['rss_mb']) };
    },
  };
}

async function startSource(folder: string, rows: number): Promise<{ child: ChildProcess; origin: string }> {
  const port = await freePort();
  const args = [join(folder, 'mock', 'server.mjs'), '--rows', String(rows), '--port', String(port)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill('SIGKILL'));
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the reference’s source was not ready in time')), READY_MS);
    child.once('exit', (code) => reject(new Error(`the reference’s source ended with ${code}`)));
    // its first words say that it is ready
    child.stdout.once('data', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  return { child, origin: `http://127.0.0.1:${port}` };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
