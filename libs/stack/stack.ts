import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { appService } from './app.service.js';
import { serveControl } from './control.js';
import { bootstrapApiKey, checkoutRoot, resolveHome, secretKey, shopKeys } from './home.js';
import { Keeper } from './keeper.js';
import { lockHome } from './lock.js';
import { removePgData } from './pg-files.js';
import { Ports } from './ports.js';
import { startPostgres, startTemporal, type DatabaseUrls, type TemporalAddresses } from './servers.js';
import { StackError } from './stack-error.js';
import { sweep } from './stack-file.js';
import { Supervisor, type ServiceInfo } from './supervisor.js';

export interface StackOptions {
  /** Where data, keys, logs and stack.json lie. Default: `SLUICE_HOME`, else `.sluice` in the checkout. One stack a home. */
  home?: string;
  /** What an earlier launcher left there is removed first, with all data. Default: false, it is gone on with. */
  anew?: boolean;
  /** How many workers, `worker-1` … Default 1; 0 for none. */
  workers?: number;
  /** Default true. */
  api?: boolean;
  /** Start the demo shop, with these arguments. Default: no shop. */
  demoShop?: { args?: readonly string[] };
  /** `host:port`: more addresses on this machine that sources may be at, besides the shop. Default: none. */
  allow?: readonly string[];
  /** More environment for api, workers and shop; wins over ours. */
  env?: Readonly<Record<string, string>>;
  /** PostgreSQL settings for this start, as in postgresql.conf. */
  settings?: Readonly<Record<string, string>>;
  /** Services that die are started again (after 1 s; 30 s where they keep dying). Default: they stay down until restarted. */
  keepUp?: boolean;
  /** Gets one line at each step. Default: silent. */
  log?: (line: string) => void;
}

/** A running stack. Services: `postgres`, `temporal` (unless foreign), `demo-shop`, `api`, `worker-1` … */
export interface Stack extends DatabaseUrls, TemporalAddresses {
  readonly home: string;
  /** Empty without api. */
  readonly apiUrl: string;
  /** Empty without shop. */
  readonly shopUrl: string;
  /** Of the demo shop; empty without one. Secret. */
  readonly shopApiKey: string;
  /** For the shop's `/shop/_admin`; empty without a shop. Secret. */
  readonly shopAdminToken: string;
  /** Key of the default workspace, for `Authorization: Bearer …`. Secret. */
  readonly apiKey: string;
  /** What api and workers were started with, so that a test can run the same things in its own process. Holds secrets. */
  readonly env: Readonly<Record<string, string>>;
  services(): ServiceInfo[];
  service(name: string): ServiceInfo;
  /** Hits the service's own process: for `postgres` the postmaster. Returns at once. */
  kill(name: string, signal: NodeJS.Signals): void;
  /** Ends it if it runs, starts it on the same port and data, and waits until it is ready. */
  restart(name: string): Promise<ServiceInfo>;
  /** Ends one service politely, everything when no name is given: at most 9 s. */
  stop(name?: string): Promise<void>;
  /** Adds one more worker, `worker-N`. */
  addWorker(env?: Readonly<Record<string, string>>): Promise<ServiceInfo>;
  /** Stops, and removes the home with all data: for tests. */
  destroy(): Promise<void>;
}

interface Migrator {
  migrate: (databaseUrl: string) => Promise<unknown>;
}

const distFile = (path: string): string => join(checkoutRoot(), 'dist', path);

/** The control plane's tables, before anything that needs them. */
async function migrateControlPlane(databaseUrl: string): Promise<void> {
  const file = distFile('libs/store/migrate.js');
  if (!existsSync(file)) return;
  const { migrate } = (await import(pathToFileURL(file).href)) as Migrator;
  await migrate(databaseUrl);
}

const hostAndPort = (url: string): string => {
  const { hostname, port } = new URL(url);
  return `${hostname}:${port || '5432'}`;
};

/**
 * Starts a whole Sluice from this checkout: real PostgreSQL and Temporal, and our apps, each a process of its own. Whatever an earlier launcher
 * left in this home is ended first. When this process ends in any way, all of them end within 10 s.
 * @throws StackError: STACK_NOT_BUILT, STACK_BUSY (another launcher on this home), POSTGRES_UNAVAILABLE, TEMPORAL_UNAVAILABLE,
 * STACK_SERVICE_FAILED (a service died or was not ready in time; with the end of its log). Nothing is left running then.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  if (!existsSync(distFile('libs/stack/reaper.js')))
    throw new StackError('STACK_NOT_BUILT', 'Sluice is not built: run npm run build.');
  const home = resolveHome(options.home);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const unlock = lockHome(home);
  try {
    return await startLocked(home, unlock, options);
  } catch (error) {
    unlock();
    throw error;
  }
}

async function startLocked(home: string, unlock: () => void, options: StackOptions): Promise<Stack> {
  const {
    anew = false,
    workers = 1,
    api = true,
    demoShop,
    allow = [],
    settings = {},
    keepUp = false,
    log: say = () => {},
  } = options;
  const swept = await sweep(home);
  if (swept.length > 0) say(`ended what an earlier launcher had left: ${swept.join(', ')}`);
  if (anew) emptyHome(home);
  const supervisor = new Supervisor(home, keepUp ? new Keeper(say) : undefined);
  const ports = new Ports(home);
  const logOf = (service: string) => join(home, 'logs', `${service}.log`);
  const shopEnv = demoShop ? shopKeys(home) : { SHOP_API_KEY: '', SHOP_ADMIN_TOKEN: '' };
  let env: Record<string, string> = {};
  let control: Awaited<ReturnType<typeof serveControl>> | undefined;

  const stopAll = async () => {
    await supervisor.stop();
    control?.close();
    unlock();
  };
  const startApp = async (
    name: string,
    app: 'api' | 'worker' | 'demo-shop',
    args: readonly string[] = [],
    more: Readonly<Record<string, string>> = {},
  ) => {
    const since = performance.now();
    const service = appService({
      name,
      app,
      args,
      log: logOf(name),
      ports: app === 'worker' ? undefined : ports,
      env: () => ({ ...env, ...options.env, ...more }),
    });
    const info = await supervisor.start(service);
    say(
      `${name}: ready${info.address === '' ? '' : ` at ${info.address}`} (${((performance.now() - since) / 1000).toFixed(1)} s)`,
    );
    return info;
  };

  try {
    const servers = { home, ports, supervisor, logOf, say, settings, api };
    const [shop, databases, temporal] = await allOrFirstError([
      demoShop ? startApp('demo-shop', 'demo-shop', demoShop.args, shopEnv) : undefined,
      startPostgres(servers),
      startTemporal(servers),
    ]);
    const apiKey = bootstrapApiKey(home);
    env = {
      SLUICE_DATABASE_URL: databases.databaseUrl,
      TEMPORAL_ADDRESS: temporal.temporalAddress,
      TEMPORAL_NAMESPACE: 'default',
      TEMPORAL_UI_URL: temporal.temporalUiUrl,
      SLUICE_SECRET_KEY: secretKey(home),
      SLUICE_BOOTSTRAP_API_KEY: apiKey,
      SLUICE_EGRESS_ALLOW: [...[...(shop ? [shop.address] : []), databases.warehouseUrl].map(hostAndPort), ...allow].join(','),
      SLUICE_WORKFLOW_BUNDLE: distFile('workflows/bundle.js'),
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'info',
    };
    await migrateControlPlane(databases.databaseUrl);
    let workerCount = 0;
    const addWorker = (more?: Readonly<Record<string, string>>) => startApp(`worker-${++workerCount}`, 'worker', [], more);
    const [apiInfo] = await allOrFirstError([
      api ? startApp('api', 'api') : undefined,
      ...Array.from({ length: workers }, () => addWorker()),
    ] as const);

    control = await serveControl({
      restart: (name) => supervisor.restart(name),
      down: () => process.kill(process.pid, 'SIGTERM'),
    });
    const apiUrl = apiInfo?.address ?? '';
    supervisor.publish({
      control: { address: control.address, token: control.token },
      links: {
        ...(apiUrl ? { API: apiUrl } : {}),
        ...(shop ? { 'demo shop': shop.address } : {}),
        'Temporal UI': temporal.temporalUiUrl,
      },
    });
    return {
      home,
      ...databases,
      ...temporal,
      apiUrl,
      shopUrl: shop?.address ?? '',
      shopApiKey: shopEnv.SHOP_API_KEY,
      shopAdminToken: shopEnv.SHOP_ADMIN_TOKEN,
      apiKey,
      env: { ...env, ...options.env },
      services: () => supervisor.services(),
      service: (name) => supervisor.service(name),
      kill: (name, signal) => supervisor.kill(name, signal),
      restart: (name) => supervisor.restart(name),
      stop: (name) => (name === undefined ? stopAll() : supervisor.stopService(name)),
      addWorker,
      async destroy() {
        await stopAll();
        removePgData(home);
        rmSync(home, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

/** All but its lock, which is ours. */
function emptyHome(home: string): void {
  removePgData(home);
  for (const name of readdirSync(home)) if (name !== 'lock') rmSync(join(home, name), { recursive: true, force: true });
}

/** Like Promise.all, but waits for all before it throws: nothing may still be starting while the stack is being stopped. */
async function allOrFirstError<T extends readonly unknown[]>(work: T): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const outcomes = await Promise.allSettled(work);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<unknown>).value) as {
    -readonly [K in keyof T]: Awaited<T[K]>;
  };
}
