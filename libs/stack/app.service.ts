import { join } from 'node:path';
import { checkoutRoot } from './home.js';
import type { ReadyMessage } from './parent-watch.js';
import type { Ports } from './ports.js';
import { BEHIND_THE_API } from './niceness.js';
import { untilItWorks, type Service } from './service.js';

export interface AppOptions {
  name: string;
  app: 'api' | 'worker' | 'demo-shop';
  args: readonly string[];
  log: string;
  /** Given for an app that listens: it gets its PORT, the same at every start. */
  ports: Ports | undefined;
  /** Asked at each start. */
  env: () => Record<string, string | undefined>;
}

const isReady = (message: unknown): message is ReadyMessage =>
  typeof message === 'object' && message !== null && 'ready' in message;

/** What the launcher's own surroundings would do to its children: debugger ports, jest's flags, other databases. */
const NOT_INHERITED = ['NODE_OPTIONS', 'NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE', 'DATABASE_URL', 'PORT'];

const inherited = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_INHERITED.includes(name)));

/** Its database and Temporal included: a listening port alone does not make a working API. */
async function isHealthy(address: string): Promise<void> {
  const response = await fetch(`${address}/v1/health`, { signal: AbortSignal.timeout(5_000) });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`GET /v1/health answers ${response.status}`);
}

/**
 * V8 grows its heap with the machine's memory and lets garbage pile up: a bound keeps a worker as small after five million rows as after
 * two hundred thousand. Four movers hold about 60 MB; the rest is for pages far larger than usual. More room for the young than V8's own 16 MB gained nothing once
 * buffers were used again, and cost 40 MB.
 */
const WORKER_FLAGS = ['--max-old-space-size=256'];

/** One of our own Node processes: it watches the pipe, and reports over it that it is ready and where. */
export function appService({ name, app, args, log, ports, env }: AppOptions): Service {
  let port: number | undefined;
  return {
    name,
    readyWithinMs: 60_000,
    async command() {
      port = await ports?.get(name);
      return {
        name,
        command: process.execPath,
        args: [
          '--enable-source-maps',
          ...(app === 'worker' ? WORKER_FLAGS : []),
          join(checkoutRoot(), 'dist', 'apps', app, 'main.js'),
          ...args,
        ],
        env: { ...inherited(), ...(port === undefined ? {} : { PORT: String(port) }), ...env() },
        cwd: checkoutRoot(),
        log,
        ipc: true,
        stopSignal: 'SIGTERM',
        ...(app === 'worker' ? { niceness: BEHIND_THE_API } : {}),
      };
    },
    async ready(process, signal) {
      const said = await new Promise<ReadyMessage>((resolve) =>
        process.onMessage((message) => isReady(message) && resolve(message)),
      );
      const address = said.address ?? (port === undefined ? '' : `http://127.0.0.1:${port}`);
      if (app === 'api') await untilItWorks(() => isHealthy(address), signal);
      return address;
    },
    worthRetrying: (error) => error.message.includes('EADDRINUSE'),
  };
}
