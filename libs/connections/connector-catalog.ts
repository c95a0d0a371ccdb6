import type { JsonObject, JsonSchema } from '../contracts/json.js';
import {
  budgetAccountOf,
  compileManifest,
  compileManifestText,
  createDeclarativeSource,
  missingWords,
  openConfig,
  outlineStreams,
  validateConfig,
} from '../connectors/index.js';
import { createDestination, listDestinationConnectors, SessionStore } from '../destinations/registry.js';
import type { Egress } from '../egress/egress.js';
import { SluiceError } from '../errors/index.js';
import type { ConnectorCatalog, ConnectorRef } from './connector-catalog.port.js';

/** Sources are manifests; destinations are code. */
export function createConnectorCatalog(egress: Pick<Egress, 'guard'>): ConnectorCatalog {
  const sessions = new SessionStore();
  const destinations = new Map(listDestinationConnectors().map((connector) => [connector.name, connector]));

  const modelOf = (connector: ConnectorRef) => {
    if (connector.manifest === null)
      throw new SluiceError('CONFIG_INVALID', {
        detail: `the connector ${connector.name} is not a source that this version knows`,
      });
    return compileManifest(connector.manifest);
  };
  const destinationOf = (connector: ConnectorRef) => {
    const known = destinations.get(connector.name);
    if (known === undefined)
      throw new SluiceError('CONFIG_INVALID', {
        detail: `the connector ${connector.name} is not a destination that this version knows`,
      });
    return known;
  };
  const specOf = (connector: ConnectorRef): JsonObject =>
    connector.kind === 'source' ? modelOf(connector).connectionSpecification : destinationOf(connector).specification;

  return {
    builtIn: [...destinations.keys()].map((name) => ({ name, kind: 'destination' as const })),
    parse: (text) => compileManifestText(text).document as JsonObject,
    describe(connector) {
      const spec = specOf(connector) as JsonSchema;
      if (connector.kind === 'destination') {
        const { capabilities } = destinationOf(connector);
        return { spec, capabilities, streams: [], unavailable: [], warnings: [] };
      }
      const { streams, unavailable, warnings } = modelOf(connector);
      return {
        ...{ spec, capabilities: null, warnings },
        streams: [...streams, ...unavailable].map(({ name }) => name),
        unavailable: unavailable.map(({ name, missing }) => ({ name, missing, reason: missingWords(missing) })),
      };
    },
    outline: ({ connector, config }) => outlineStreams(modelOf(connector), config, Date.now()),
    validate({ connector, config }) {
      if (connector.kind === 'source') openConfig(modelOf(connector), config, Date.now());
      else validateConfig(specOf(connector), config);
    },
    account: ({ connector, ...request }) => budgetAccountOf({ model: modelOf(connector), ...request }),
    createSource: ({ connector, ...request }) => createDeclarativeSource({ model: modelOf(connector), ...request }),
    createDestination: ({ connector, config }) =>
      createDestination({ connector: connector.name, config, secrets: {}, egress: egress.guard, sessions }),
  };
}
