import { join } from 'node:path';
import type { Ports } from './ports.js';
import { untilItWorks, type Service } from './service.js';
import { findTemporal, type TemporalBinary } from './temporal-binary.js';

/** What a run is found by in Temporal's UI. */
const SEARCH_ATTRIBUTES = {
  SluiceSync: 'Keyword',
  SluiceConnection: 'Keyword',
  SluiceWorkspace: 'Keyword',
  SluiceStatus: 'Keyword',
} as const;

/**
 * The first two make activity round trips five times quicker (100 → 21 ms measured): the dev server's defaults save CPU, not time. The third is
 * for frozen workers: each of their open polls swallows one task for the ten seconds that its heartbeat takes to run out, one after the
 * other. Polls that end before the first heartbeat does leave nothing to swallow (takeover 30 to 40 s → 11 s measured; the default is 60 s). The
 * last: the dev server reads its search attributes and namespaces anew at each start of a workflow, four reads of the one connection that everything
 * shares; ours are registered before it serves anybody.
 */
const DYNAMIC_CONFIG = {
  'history.transferProcessorMaxPollRPS': '2000',
  'system.enableActivityEagerExecution': 'true',
  'matching.longPollExpirationInterval': '"8s"',
  'system.forceSearchAttributesCacheRefreshOnRead': 'false',
} as const;

/** A commit is as durable as with SQLite's rollback journal, and waits for fewer writes of the disk. */
const JOURNAL = '--sqlite-pragma=journal_mode=WAL';

export interface TemporalService extends Service {
  /** Temporal's own console, http://127.0.0.1:PORT. Only once started. */
  uiUrl(): string;
}

export interface TemporalOptions {
  home: string;
  log: string;
  ports: Ports;
  /** How far it stands behind others (nice). */
  niceness: number;
  say: (line: string) => void;
}

/** The dev server of the CLI with its UI: one SQLite file a server version, since an older server cannot read a newer one's. */
export function temporalService({ home, log, ports, niceness, say }: TemporalOptions): TemporalService {
  let binary: TemporalBinary | undefined;
  let port = 0;
  let uiPort = 0;
  return {
    name: 'temporal',
    readyWithinMs: 60_000,
    uiUrl: () => `http://127.0.0.1:${uiPort}`,
    async command() {
      binary ??= await findTemporal(home, say);
      port = await ports.get('temporal');
      uiPort = await ports.get('temporal-ui');
      const flags: Record<string, string> = {
        ip: '127.0.0.1',
        port: String(port),
        headless: 'false',
        'ui-port': String(uiPort),
        'http-port': String(await ports.get('temporal-http')),
        'metrics-port': String(await ports.get('temporal-metrics')),
        'db-filename': join(home, `temporal-${binary.serverVersion}.db`),
        'log-level': 'error',
      };
      const args = [
        ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
        ...Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => `--search-attribute=${name}=${type}`),
        ...Object.entries(DYNAMIC_CONFIG).map(([key, value]) => `--dynamic-config-value=${key}=${value}`),
      ];
      return {
        name: 'temporal',
        command: binary.path,
        args: ['server', 'start-dev', JOURNAL, ...args],
        // The CLI's own configuration files and variables are for its user's clusters, not for this one.
        env: { PATH: process.env.PATH, HOME: home, TZ: 'UTC' },
        cwd: home,
        log,
        ipc: false,
        stopSignal: 'SIGTERM',
        niceness,
      };
    },
    async ready(_process, signal) {
      // A workflow cannot start before its search attributes are there, and they come a moment after the namespace.
      await temporalAnswers(`127.0.0.1:${port}`, signal, "SluiceStatus = 'none'");
      return `127.0.0.1:${port}`;
    },
    worthRetrying: (error) => /address already in use|can't set up/i.test(error.message),
  };
}

/** Resolves when the server at `address` serves the namespace `default`, and this query too where one is given. */
export async function temporalAnswers(address: string, signal: AbortSignal, query?: string): Promise<void> {
  const { Connection } = await import('@temporalio/client');
  await untilItWorks(async () => {
    const connection = await Connection.connect({ address, connectTimeout: 2_000 });
    try {
      await connection.workflowService.describeNamespace({ namespace: 'default' });
      if (query !== undefined) await connection.workflowService.countWorkflowExecutions({ namespace: 'default', query });
    } finally {
      await connection.close();
    }
  }, signal);
}
