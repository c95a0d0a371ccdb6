import type { Destination, DestinationCapabilities } from '../contracts/destination.port.js';
import type { JsonObject } from '../contracts/json.js';
import { SluiceError } from '../errors/index.js';
import { DUCKDB_CAPABILITIES, duckdbConnectionSpecification, DuckdbDestination, parseDuckdbConfig } from './duckdb/index.js';
import {
  parsePostgresConfig,
  POSTGRES_CAPABILITIES,
  PostgresDestination,
  postgresConnectionSpecification,
  type EgressCheck,
  type SessionStore,
} from './postgres/index.js';

export { SessionStore } from './postgres/index.js';

/** What a destination is opened with. `egress`: libs/egress's guard; absent only where there is nothing to guard (tests). */
export interface DestinationRequest {
  connector: string;
  /** Without secrets. */
  config: JsonObject;
  secrets: JsonObject;
  egress?: EgressCheck;
  /** Shown at the destination, where it shows who is connected. */
  applicationName?: string;
  /** What the destinations of this process share; absent: each keeps to itself. */
  sessions?: SessionStore;
  /** Where DuckDB files may lie (SLUICE_DUCKDB_DIR); absent: nowhere. */
  duckdbFolder?: string | undefined;
}

interface DestinationConnector {
  /** JSON schema of the configuration; `airbyte_secret` marks fields that are kept encrypted. */
  specification: JsonObject;
  capabilities: DestinationCapabilities;
  create(request: DestinationRequest): Destination;
}

const CONNECTORS: Readonly<Record<string, DestinationConnector>> = {
  postgres: {
    specification: postgresConnectionSpecification as unknown as JsonObject,
    capabilities: POSTGRES_CAPABILITIES,
    create({ config, secrets, egress, applicationName, sessions }) {
      const parsed = parsePostgresConfig({ ...config, ...secrets });
      return new PostgresDestination({
        config: parsed,
        ...(egress === undefined ? {} : { egress }),
        ...(applicationName === undefined ? {} : { applicationName }),
        ...(sessions === undefined ? {} : { sessions }),
      });
    },
  },
  duckdb: {
    specification: duckdbConnectionSpecification as unknown as JsonObject,
    capabilities: DUCKDB_CAPABILITIES,
    create: ({ config, secrets, duckdbFolder }) =>
      new DuckdbDestination(parseDuckdbConfig({ ...config, ...secrets }), duckdbFolder),
  },
};

/** The destinations that are built in, with their configuration's JSON schema and what they can do. */
export function listDestinationConnectors(): readonly ({ name: string } & Pick<
  DestinationConnector,
  'specification' | 'capabilities'
>)[] {
  return Object.entries(CONNECTORS).map(([name, { specification, capabilities }]) => ({ name, specification, capabilities }));
}

/** Opens nothing yet: the first call connects. Errors: CONFIG_INVALID. */
export function createDestination(request: DestinationRequest): Destination {
  const connector = Object.hasOwn(CONNECTORS, request.connector) ? CONNECTORS[request.connector] : undefined;
  if (!connector) throw new SluiceError('CONFIG_INVALID', { detail: `there is no destination connector ${request.connector}` });
  return connector.create(request);
}
