import { createConnectorCatalog, type ConnectorCatalog } from '../../../libs/connections/index.js';
import type { Egress } from '../../../libs/egress/egress.js';
import { numbersSource, numbersSpec } from './numbers-source.js';

/** The real connectors, and `numbers`. */
export function fixtureCatalog(egress: Pick<Egress, 'guard'>, duckdbFolder?: string): ConnectorCatalog {
  const real = createConnectorCatalog(egress, { duckdbFolder });
  const isNumbers = ({ connector }: { connector: { name: string } }) => connector.name === 'numbers';
  return {
    builtIn: [...real.builtIn, { name: 'numbers', kind: 'source' }],
    parse: (text) => real.parse(text),
    parseSluice: (text, manifest) => real.parseSluice(text, manifest),
    describe: (connector) =>
      connector.name === 'numbers'
        ? {
            spec: numbersSpec,
            streams: ['numbers'],
            unavailable: [],
            warnings: [],
            capabilities: null,
            actions: [],
            webhooks: [],
          }
        : real.describe(connector),
    outline: (request) => (isNumbers(request) ? { streams: [] } : real.outline(request)),
    validate: (request) => (isNumbers(request) ? undefined : real.validate(request)),
    account: (request) =>
      isNumbers(request)
        ? { workspaceId: request.workspaceId, host: 'numbers', account: 'numbers', limits: [] }
        : real.account(request),
    createSource: (request) => (isNumbers(request) ? numbersSource(request.config) : real.createSource(request)),
    checkInput: (request) => real.checkInput(request),
    undoing: (request) => real.undoing(request),
    webhook: (request) => real.webhook(request),
    rowInput: (request) => real.rowInput(request),
    createActions: (request) => real.createActions(request),
    createDestination: (request) => real.createDestination(request),
  };
}
