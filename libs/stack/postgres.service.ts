import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { keptSecret, readText } from './home.js';
import { preparePgFiles, type PgFiles } from './pg-files.js';
import type { Ports } from './ports.js';
import { commandLine, end, identify } from './process-identity.js';
import { untilItWorks, type Service } from './service.js';
import type { ServiceCommand } from './service-process.js';
import { StackError, messageOf } from './stack-error.js';

const SUPERUSER = 'postgres';
/** `sluice` is the control plane; `warehouse` is where the demo and the tests load to. */
const DATABASES = ['sluice', 'warehouse'] as const;

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '', // TCP only: a socket's path may not be longer than 107 bytes
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // A failed statement's text and its CONTEXT hold records, and records belong into no log.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

export interface PostgresOptions {
  home: string;
  log: string;
  ports: Ports;
  /** Settings on top of ours, as in postgresql.conf, for this start. */
  settings: Readonly<Record<string, string>>;
  say: (line: string) => void;
}

export interface PostgresService extends Service {
  /** DSN of one of the two databases. Holds the password. Only once ready. */
  url(database: (typeof DATABASES)[number]): string;
}

/** A real PostgreSQL from npm, for one home: data stays in the home, the port stays the same. */
export function postgresService({ home, log, ports, settings, say }: PostgresOptions): PostgresService {
  const password = keptSecret(home, 'pg-password', () => randomBytes(18).toString('base64url'));
  let port = 0;
  const url = (database: string) => `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;
  return {
    name: 'postgres',
    readyWithinMs: 60_000,
    url,
    async command() {
      const files = preparePgFiles(home);
      if (!existsSync(join(files.data, 'PG_VERSION'))) await initialise(files, password, say);
      await clearPidFile(files.data);
      port = await ports.get('postgres');
      const all = { ...SETTINGS, port: String(port), ...settings };
      return {
        name: 'postgres',
        command: join(files.native, 'bin', 'postgres'),
        args: ['-D', files.data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
        log,
        ipc: false,
        stopSignal: 'SIGINT', // fast: clients are sent away, the data are closed properly
        ...runAs(files),
      } satisfies ServiceCommand;
    },
    async ready(_process, signal) {
      await untilItWorks(() => createDatabases(url), signal);
      return `127.0.0.1:${port}`;
    },
    worthRetrying: (error) =>
      /postmaster\.pid|lock file|shared memory block|could not bind|Address already in use/i.test(error.message),
  };
}

const runAs = ({ data, native, owner }: PgFiles) => ({
  cwd: join(data, '..'),
  // The packaged libraries, and nothing of the caller's PG* variables.
  env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC', LD_LIBRARY_PATH: join(native, 'lib') },
  ...(owner ? { uid: owner.uid, gid: owner.gid } : {}),
});

async function initialise(files: PgFiles, password: string, say: (line: string) => void): Promise<void> {
  say(
    `postgres: creating the database cluster${files.owner ? ` as user ${files.owner.name}, since PostgreSQL refuses root` : ''} (a few seconds, once)`,
  );
  // Under another name until it is complete: what an interrupted initdb leaves is never taken for a cluster.
  const part = `${files.data}.part`;
  const passwordFile = `${files.data}.password`;
  rmSync(part, { recursive: true, force: true });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (files.owner) chownSync(passwordFile, files.owner.uid, files.owner.gid);
  try {
    const args = [
      '-D',
      part,
      '-U',
      SUPERUSER,
      '--pwfile',
      passwordFile,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ];
    await promisify(execFile)(join(files.native, 'bin', 'initdb'), args, runAs(files));
    renameSync(part, files.data);
  } catch (error) {
    throw new StackError('POSTGRES_UNAVAILABLE', `PostgreSQL's initdb failed in ${part}: ${messageOf(error)}`, { cause: error });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/**
 * We hold the home's lock, so a server that still runs on these data belongs to a launcher that is gone: it is closed. A pid file whose pid
 * now is a stranger's would keep PostgreSQL from starting for as long as the stranger lives: it is removed.
 */
async function clearPidFile(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid');
  const pid = Number(readText(file)?.split('\n')[0]);
  const holder = pid > 0 ? identify(pid) : undefined;
  if (!holder) return; // PostgreSQL replaces the file of a dead server itself
  if (commandLine(pid).includes(data)) await end(holder, 'SIGINT', 5_000);
  else rmSync(file, { force: true });
}

async function createDatabases(url: (database: string) => string): Promise<void> {
  const client = new pg.Client({ connectionString: url('postgres'), connectionTimeoutMillis: 5_000 });
  client.on('error', () => {}); // a server that goes away while it starts
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database');
    for (const name of DATABASES)
      if (!rows.some(({ datname }) => datname === name)) await client.query(`CREATE DATABASE ${name}`);
  } finally {
    await client.end();
  }
}
