import type { ConnectorCatalog } from '../../../libs/connections/index.js';
import { parsePostgresConfig, PostgresDestination, postgresConnectionSpecification } from '../../../libs/destinations/postgres/index.js';
import { numbersSource, numbersSpec } from './numbers-source.js';

/** Connectors of the tests of runs: `numbers` and the real `postgres`. */
export function fixtureCatalog(): ConnectorCatalog {
  return {
    builtIn: [
      { name: 'numbers', kind: 'source' },
      { name: 'postgres', kind: 'destination' },
    ],
    describe: ({ kind }) =>
      kind === 'source'
        ? { spec: numbersSpec, streams: ['numbers'], capabilities: null }
        : { spec: postgresConnectionSpecification as never, streams: [], capabilities: null },
    createSource: ({ config }) => numbersSource(config),
    createDestination: ({ config }) => new PostgresDestination({ config: parsePostgresConfig(config) }),
  };
}
