/** PostgreSQL and Temporal: our own, or the ones that `DATABASE_URL` and `TEMPORAL_ADDRESS` name. */
import pg from 'pg';
import { BEHIND_THE_API } from './niceness.js';
import type { Ports } from './ports.js';
import { postgresService } from './postgres.service.js';
import { StackError, messageOf } from './stack-error.js';
import type { Supervisor } from './supervisor.js';
import { temporalAnswers, temporalService } from './temporal.service.js';

export interface ServersOptions {
  home: string;
  ports: Ports;
  supervisor: Supervisor;
  logOf: (service: string) => string;
  say: (line: string) => void;
  settings: Readonly<Record<string, string>>;
  /** Whether there is an API, which Temporal stands behind. */
  api: boolean;
}

export interface DatabaseUrls {
  /** The control plane's database. Holds a password. */
  databaseUrl: string;
  /** The destination of demo and tests. Holds a password. */
  warehouseUrl: string;
}

export interface TemporalAddresses {
  temporalAddress: string;
  /** Empty where a foreign server's UI is not known: set TEMPORAL_UI_URL. */
  temporalUiUrl: string;
}

const took = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

export async function startPostgres({ home, ports, supervisor, logOf, say, settings }: ServersOptions): Promise<DatabaseUrls> {
  const foreign = process.env.DATABASE_URL;
  if (foreign) return foreignPostgres(foreign, say);
  const since = performance.now();
  const service = postgresService({ home, ports, say, settings, log: logOf('postgres') });
  const { address } = await supervisor.start(service);
  say(`postgres: ready at ${address} (${took(since)})`);
  return { databaseUrl: service.url('sluice'), warehouseUrl: service.url('warehouse') };
}

/** The given database is the control plane; beside it, on the same server, lies `warehouse`, if we may create it. */
async function foreignPostgres(databaseUrl: string, say: (line: string) => void): Promise<DatabaseUrls> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
  } catch (error) {
    throw new StackError(
      'POSTGRES_UNAVAILABLE',
      `DATABASE_URL names a PostgreSQL that does not answer: ${messageOf(error)}. Start it, or unset DATABASE_URL to use the embedded one.`,
      {
        cause: error,
      },
    );
  }
  try {
    const { rows } = await client.query("SELECT 1 FROM pg_database WHERE datname = 'warehouse'");
    if (rows.length === 0) await client.query('CREATE DATABASE warehouse');
    const warehouse = new URL(databaseUrl);
    warehouse.pathname = '/warehouse';
    say('postgres: using the server of DATABASE_URL');
    return { databaseUrl, warehouseUrl: warehouse.href };
  } catch (error) {
    say(
      `postgres: using the server of DATABASE_URL; no database warehouse can be created (${messageOf(error)}), so data go into the same database`,
    );
    return { databaseUrl, warehouseUrl: databaseUrl };
  } finally {
    await client.end();
  }
}

export async function startTemporal({ home, ports, supervisor, logOf, say, api }: ServersOptions): Promise<TemporalAddresses> {
  const foreign = process.env.TEMPORAL_ADDRESS;
  if (foreign) {
    await temporalAnswers(foreign, AbortSignal.timeout(10_000)).catch((error: unknown) => {
      throw new StackError(
        'TEMPORAL_UNAVAILABLE',
        `TEMPORAL_ADDRESS names ${foreign}, which does not serve the namespace default: ${messageOf(error)}. Start it, or unset TEMPORAL_ADDRESS to use the embedded server.`,
        { cause: error },
      );
    });
    say(`temporal: using ${foreign} of TEMPORAL_ADDRESS`);
    return { temporalAddress: foreign, temporalUiUrl: process.env.TEMPORAL_UI_URL ?? '' };
  }
  const since = performance.now();
  const service = temporalService({ home, ports, say, log: logOf('temporal'), niceness: api ? BEHIND_THE_API : 0 });
  const { address } = await supervisor.start(service);
  say(`temporal: ready at ${address}, UI at ${service.uiUrl()} (${took(since)})`);
  return { temporalAddress: address, temporalUiUrl: service.uiUrl() };
}
