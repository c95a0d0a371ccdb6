import type { JsonObject, JsonSchema } from '../contracts/json.js';
import {
  budgetAccountOf,
  checkInput,
  compileManifest,
  compileManifestText,
  compileRowInput,
  compileSluice,
  createDeclarativeActions,
  createDeclarativeSource,
  missingWords,
  openConfig,
  outlineStreams,
  parseSluiceFile,
  sluiceFileError,
  validateConfig,
} from '../connectors/index.js';
import { createDestination, listDestinationConnectors, SessionStore } from '../destinations/registry.js';
import type { Egress } from '../egress/egress.js';
import { listSourceConnectors, sourceConnector } from '../sources/registry.js';
import { SluiceError } from '../errors/index.js';
import { compileWebhooks, type WebhookModel } from '../webhooks/index.js';
import type { ConnectorCatalog, ConnectorRef } from './connector-catalog.port.js';

/** Sources are manifests, or code where they have none; destinations are code. `duckdbFolder`: where DuckDB files may lie; absent: nowhere. */
export function createConnectorCatalog(
  egress: Pick<Egress, 'guard'>,
  { duckdbFolder }: { duckdbFolder?: string | undefined } = {},
): ConnectorCatalog {
  const sessions = new SessionStore();
  const destinations = new Map(listDestinationConnectors().map((connector) => [connector.name, connector]));

  const modelOf = (connector: ConnectorRef) => {
    if (connector.manifest === null) throw new SluiceError('INTERNAL', { detail: `${connector.name} has no manifest` });
    return compileManifest(connector.manifest);
  };
  const declaredBy = ({ manifest, sluice }: ConnectorRef) =>
    manifest === null || sluice === null || sluice === undefined
      ? { actions: new Map<string, never>(), budgets: null }
      : compileSluice(manifest, sluice);
  const actionsOf = (connector: ConnectorRef) => declaredBy(connector).actions;
  const webhooksOf = (connector: ConnectorRef): ReadonlyMap<string, WebhookModel> => {
    // Reads the file as a whole: what comes after finds its shape right.
    actionsOf(connector);
    return connector.sluice == null ? new Map<string, never>() : compileWebhooks(connector.sluice, sluiceFileError);
  };
  const isCode = (connector: ConnectorRef): boolean => connector.kind === 'source' && connector.manifest === null;
  const destinationOf = (connector: ConnectorRef) => {
    const known = destinations.get(connector.name);
    if (known === undefined)
      throw new SluiceError('CONFIG_INVALID', {
        detail: `the connector ${connector.name} is not a destination that this version knows`,
      });
    return known;
  };
  const specOf = (connector: ConnectorRef): JsonObject =>
    isCode(connector)
      ? sourceConnector(connector.name).specification
      : connector.kind === 'source'
        ? modelOf(connector).connectionSpecification
        : destinationOf(connector).specification;

  return {
    builtIn: [
      ...[...destinations.keys()].map((name) => ({ name, kind: 'destination' as const })),
      ...listSourceConnectors().map((name) => ({ name, kind: 'source' as const })),
    ],
    parse: (text) => compileManifestText(text).document as JsonObject,
    parseSluice: (text, manifest) =>
      parseSluiceFile(text, (file) => {
        compileSluice(manifest, file);
        compileWebhooks(file, sluiceFileError);
      }),
    describe(connector) {
      const spec = specOf(connector) as JsonSchema;
      if (connector.kind === 'destination') {
        const { capabilities } = destinationOf(connector);
        return { spec, capabilities, streams: [], unavailable: [], warnings: [], actions: [], webhooks: [] };
      }
      // Which streams there are the connection tells.
      if (isCode(connector))
        return { spec, capabilities: null, streams: [], unavailable: [], warnings: [], actions: [], webhooks: [] };
      const { streams, unavailable, warnings } = modelOf(connector);
      return {
        ...{ spec, capabilities: null, warnings, actions: [...actionsOf(connector).values()] },
        webhooks: [...webhooksOf(connector).values()],
        streams: [...streams, ...unavailable].map(({ name }) => name),
        unavailable: unavailable.map(({ name, missing }) => ({ name, missing, reason: missingWords(missing) })),
      };
    },
    outline: ({ connector, config }) =>
      isCode(connector) ? { streams: [] } : outlineStreams(modelOf(connector), config, Date.now()),
    validate({ connector, config }) {
      if (isCode(connector)) sourceConnector(connector.name).validate(config);
      else if (connector.kind === 'source') openConfig(modelOf(connector), config, Date.now());
      else validateConfig(specOf(connector), config);
    },
    account({ connector, limits, ...request }) {
      if (!isCode(connector))
        return budgetAccountOf({ model: modelOf(connector), limits: limits ?? declaredBy(connector).budgets, ...request });
      // It makes no HTTP calls.
      const host = sourceConnector(connector.name).host(request.config);
      return { workspaceId: request.workspaceId, host, account: host, limits: [] };
    },
    createSource: ({ connector, ...request }) =>
      isCode(connector)
        ? sourceConnector(connector.name).create({ config: request.config, egress: egress.guard })
        : createDeclarativeSource({ model: modelOf(connector), ...request }),
    checkInput: ({ connector, action, input }) => checkInput(actionsOf(connector), action, input),
    webhook: ({ connector, webhook }) => webhooksOf(connector).get(webhook) ?? null,
    undoing({ connector, action }) {
      const { compensate = null, undo = null } = actionsOf(connector).get(action) ?? {};
      if (compensate === null || undo === null) return null;
      return { action: compensate, inputOf: (names) => undo({ nowMs: Date.now(), names: { ...names } }) as JsonObject };
    },
    rowInput({ connector, action: { name, input } }) {
      const make = compileRowInput(input);
      const actions = actionsOf(connector);
      return (record) => {
        const made = make(record);
        const batch = actions.get(name)?.batch;
        checkInput(actions, name, batch == null ? made : { [batch.items]: [made] });
        return made;
      };
    },
    createActions: ({ connector, ...request }) =>
      createDeclarativeActions({ model: modelOf(connector), actions: actionsOf(connector), ...request }),
    createDestination: ({ connector, config }) =>
      createDestination({ connector: connector.name, config, secrets: {}, egress: egress.guard, sessions, duckdbFolder }),
  };
}
