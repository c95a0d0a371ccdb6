import { Socket } from 'node:net';
import pg from 'pg';
import { literal } from './quote.js';
import { RawSocket } from './raw-reads.js';
import type { ServerConfig } from './server-config.js';

const CONNECT_TIMEOUT_MS = 10_000;
const KEEPALIVE_IDLE_MS = 15_000;

/** The part of libs/egress's guard that a TCP client needs. Errors: EGRESS_REFUSED; SOURCE_UNREACHABLE when a name does not resolve. */
export interface EgressCheck {
  /** The address to connect to, checked. */
  assertHostAllowed(target: { host: string; port: number }): Promise<{ address: string }>;
}

/** Which server process a session is. A pid alone may come again. */
export interface Backend {
  pid: number;
  /** As text, with microseconds. */
  started: string;
}

/** A connection with its settings. */
export interface Link {
  client: pg.Client;
  backend: Backend;
  /** The process id that the connection was opened with differs from the server's own: something stands between. */
  throughPooler: boolean;
}

/**
 * Connects. `settings` are SET in one message after the connection, since poolers refuse startup options. The name is resolved once and that
 * address is used: between a check and a second resolution it could change. Throws what driver and server throw.
 */
export async function connectLink(request: {
  config: ServerConfig;
  /** Absent: every address is allowed. */
  egress: EgressCheck | undefined;
  settings: Readonly<Record<string, string | number>>;
}): Promise<Link> {
  const { config, egress } = request;
  const address = egress ? (await egress.assertHostAllowed({ host: config.host, port: config.port })).address : config.host;
  const client = new pg.Client({
    host: config.host,
    port: config.port,
    database: config.database,
    user: config.user,
    password: config.password,
    ssl: tlsOf(config),
    stream: () => connectTo(config.ssl === 'disable' ? new RawSocket() : new Socket(), address),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_IDLE_MS,
  });
  client.on('error', () => undefined); // reported by the query that meets it
  try {
    await client.connect();
    await client.query(
      Object.entries(request.settings)
        .map(([name, value]) => `SET ${name} = ${literal(value)}`)
        .join('; '),
    );
    const { rows } = await client.query<Backend>(
      'SELECT pid, backend_start::text AS started FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()',
    );
    const backend = rows[0] as Backend;
    const announced = (client as unknown as { processID: number | null }).processID;
    return { client, backend, throughPooler: announced !== backend.pid };
  } catch (error) {
    client.end().catch(() => undefined);
    throw error;
  }
}

/** Connects to the address that was checked, while TLS verifies the name. The driver's only call is connect(port, host). */
function connectTo(socket: Socket, checked: string): Socket {
  const connect = socket.connect.bind(socket);
  return Object.assign(socket, { connect: (port: number) => connect({ port, host: checked }) });
}

function tlsOf(config: ServerConfig): pg.ClientConfig['ssl'] {
  switch (config.ssl) {
    case 'disable':
      return false;
    case 'require':
      return { rejectUnauthorized: false };
    case 'verify-full':
      return { rejectUnauthorized: true, ...(config.ssl_ca === undefined ? {} : { ca: config.ssl_ca }) };
    default: {
      const never: never = config.ssl;
      throw new Error(`unknown ssl mode ${String(never)}`);
    }
  }
}
