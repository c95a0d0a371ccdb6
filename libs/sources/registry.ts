import type { JsonObject } from '../contracts/json.js';
import type { Source } from '../contracts/source.port.js';
import { SluiceError } from '../errors/index.js';
import type { EgressCheck } from '../postgres/index.js';
import { parsePostgresSourceConfig, PostgresSource, postgresSourceSpecification } from './postgres/index.js';

interface SourceConnector {
  /** JSON schema of the configuration; `airbyte_secret` marks fields that are kept encrypted. */
  specification: JsonObject;
  /** Checks a whole configuration, secrets included. Errors: CONFIG_INVALID. */
  validate(config: JsonObject): void;
  /** Where a configuration leads: host and port, for its account. */
  host(config: JsonObject): string;
  /** Opens nothing yet: the first call connects. */
  create(request: { config: JsonObject; egress: EgressCheck | undefined }): Source;
}

/** Sources made of code, by the name of their connector. A source reads with fewer rights than a destination needs, so it is a connector of its own. */
const CONNECTORS: Readonly<Record<string, SourceConnector>> = {
  'postgres-source': {
    specification: postgresSourceSpecification as unknown as JsonObject,
    validate: (config) => void parsePostgresSourceConfig(config),
    host(config) {
      const { host, port } = parsePostgresSourceConfig(config);
      return `${host}:${port}`;
    },
    create: ({ config, egress }) =>
      new PostgresSource({ config: parsePostgresSourceConfig(config), ...(egress === undefined ? {} : { egress }) }),
  },
};

export const listSourceConnectors = (): readonly string[] => Object.keys(CONNECTORS);

/** Errors: CONFIG_INVALID when there is none of that name. */
export function sourceConnector(name: string): SourceConnector {
  const connector = Object.hasOwn(CONNECTORS, name) ? CONNECTORS[name] : undefined;
  if (!connector)
    throw new SluiceError('CONFIG_INVALID', { detail: `the connector ${name} is not a source that this version knows` });
  return connector;
}
