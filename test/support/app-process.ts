import { fork, type ChildProcess } from 'node:child_process';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Also of what is built itself: the recording of histories. */
const DIST = resolve('dist');
const READY_WITHIN_MS = 60_000;

export interface AppProcess {
  /** Where it listens. */
  address: string;
  /** Everything it wrote so far. */
  output(): string;
  /** Resolves when it has written `text`; what is logged arrives a moment after the answer. */
  wrote(text: string): Promise<void>;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<unknown>;
}

/** One of our apps as a process of its own, from the build, as the launcher starts it. It ends with the test process. */
export async function startApp(
  app: string,
  options: { env?: Record<string, string>; args?: string[] } = {},
): Promise<AppProcess> {
  const inherited = { PATH: process.env['PATH'] ?? '', TZ: process.env['TZ'] ?? 'UTC' };
  const child = fork(join(DIST, 'apps', app, 'main.js'), options.args ?? [], {
    env: { ...inherited, NODE_NO_WARNINGS: '1', PORT: '0', ...options.env },
    execArgv: ['--enable-source-maps'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const exited = new Promise<number | null>((done) => child.once('exit', done));
  const address = await readyAddress(child, exited, () => output);
  return {
    address,
    output: () => output,
    async wrote(text) {
      for (const deadline = Date.now() + 5_000; !output.includes(text); await delay(20))
        if (Date.now() > deadline) throw new Error(`"${text}" was not written:\n${output}`);
    },
    stop: () => {
      child.kill('SIGTERM');
      return exited;
    },
    kill: () => {
      child.kill('SIGKILL');
      return exited;
    },
  };
}

function readyAddress(child: ChildProcess, exited: Promise<number | null>, output: () => string): Promise<string> {
  return new Promise<string>((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`not ready in time:\n${output()}`)), READY_WITHIN_MS);
    child.on('message', (message: { ready?: boolean; address?: string }) => {
      if (message.ready === true) done(message.address ?? '');
    });
    void exited.then((code) => {
      clearTimeout(timer);
      fail(new Error(`ended with ${code}:\n${output()}`));
    });
    child.once('message', () => clearTimeout(timer));
  });
}
