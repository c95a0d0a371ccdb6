import { createVault } from '../connectors/index.js';
import type { BudgetAccount, BudgetClass, BudgetShare } from '../contracts/budget.port.js';
import type { ConnectionOpener } from '../contracts/connection-opener.port.js';
import type { Destination } from '../contracts/destination.port.js';
import type { JsonObject } from '../contracts/json.js';
import type { Egress } from '../egress/egress.js';
import { SluiceError } from '../errors/index.js';
import { markNeedsReauthorization } from '../events/system-events.js';
import { ActionDestination } from '../reverse/index.js';
import { joinSecrets, type ConfigSecrets, type SecretBox } from '../secrets/index.js';
import {
  findConnection,
  findConnector,
  findConnectorVersion,
  inTransaction,
  type ConnectionRow,
  type ConnectorRow,
  type Pool,
} from '../store/index.js';
import type { ConnectorCatalog, ConnectorRef } from './connector-catalog.port.js';
import { createCredentialExchange } from './credential-exchange.js';
import { storeJobSlots } from './store-job-slots.js';

export interface ConnectionOpenerOptions {
  db: Pool;
  secrets: SecretBox;
  catalog: ConnectorCatalog;
  egress: Pick<Egress, 'client'>;
  /** Whose share of a budget the calls use: `batch` for runs, `interactive` for a person who waits. */
  class: BudgetClass;
}

/** A connection's secrets by JSON pointer, read afresh. */
export function readSecrets(box: SecretBox, row: Pick<ConnectionRow, 'workspaceId' | 'id' | 'secrets'>): ConfigSecrets {
  if (row.secrets === null) return {};
  return box.decrypt({ owner: { workspaceId: row.workspaceId, connectionId: row.id }, sealed: row.secrets });
}

/** What is to be stored for `secrets`; null when there are none. */
export function sealSecrets(box: SecretBox, owner: { workspaceId: string; id: string }, secrets: ConfigSecrets): Buffer | null {
  if (Object.keys(secrets).length === 0) return null;
  return box.encrypt({ owner: { workspaceId: owner.workspaceId, connectionId: owner.id }, value: secrets });
}

/** Opens connections from the control plane: configuration and credentials are read at each call, never cached. */
export class StoreConnectionOpener implements ConnectionOpener {
  /** Renewals of this process under way: whoever else needs the same credential waits for them. */
  private readonly flights = new Map<string, Promise<JsonObject>>();

  constructor(private readonly options: ConnectionOpenerOptions) {}

  async openSource(request: { workspaceId: string; connectionId: string; manifest?: JsonObject; share?: BudgetShare }) {
    const { connection, connector: pinned, secrets } = await this.loadSource(request);
    const parts = this.outside(connection, pinned, secrets, request.share);
    const jobs = storeJobSlots(this.options.db, connection.id);
    return { source: this.options.catalog.createSource({ connector: pinned, ...parts, jobs }), manifest: pinned.manifest };
  }

  async openActions({ version, ...request }: { workspaceId: string; connectionId: string; version: string }) {
    const { db } = this.options;
    const connection = await this.connection(request);
    const named = { workspaceId: request.workspaceId, name: connection.connector };
    const connector = await findConnectorVersion(db, { ...named, hash: version });
    if (connector === null)
      throw new SluiceError('NOT_FOUND', { detail: `that version of ${connection.connector} does not exist` });
    const secrets = readSecrets(this.options.secrets, connection);
    return this.options.catalog.createActions({ connector, ...this.outside(connection, connector, secrets) });
  }

  /** What an adapter of a connection calls the outside with. */
  private outside(connection: ConnectionRow, connector: ConnectorRef, stored: ConfigSecrets, share?: BudgetShare) {
    const config = this.validConfig(connection, connector, stored);
    const { workspaceId } = connection;
    const named = this.accountOf(connection, connector, config);
    const caller = { workspaceId, connectionId: connection.id, connector: connection.connector };
    const http = this.options.egress.client({
      account: named,
      class: this.options.class,
      caller,
      ...(share === undefined ? {} : { share }),
    });
    const { db, secrets: box } = this.options;
    const onRefused = () => this.markRefused(connection);
    const exchange = createCredentialExchange({
      db,
      secrets: box,
      owner: { workspaceId, connectionId: connection.id },
      onRefused,
    });
    const credentials = createVault(exchange, { flights: this.flights, scope: connection.id });
    return { config, http, credentials };
  }

  private markRefused({ id, revision }: ConnectionRow): Promise<void> {
    const { db, secrets } = this.options;
    const code = 'SOURCE_AUTH_FAILED';
    return inTransaction(db, (tx) => markNeedsReauthorization(tx, secrets, { id, asOf: { revision }, code }));
  }

  /** The account whose budget the calls of a connection use. Errors: NOT_FOUND, CONFIG_INVALID. */
  async budgetAccount(request: { workspaceId: string; connectionId: string }): Promise<BudgetAccount> {
    const connection = await this.connection(request);
    const connector = await this.connector(connection);
    const config = this.validConfig(connection, connector, readSecrets(this.options.secrets, connection));
    return this.accountOf(connection, connector, config);
  }

  private accountOf(connection: ConnectionRow, connector: ConnectorRef, config: JsonObject): BudgetAccount {
    const { workspaceId, budget } = connection;
    const account = this.options.catalog.account({ connector, config, workspaceId, limits: budget?.limits ?? null });
    // A plain digest of a weak password could be guessed from: what is stored and shown takes the installation's key to make.
    return { ...account, account: `${account.host}#${this.options.secrets.fingerprint(account.account)}` };
  }

  async openDestination(request: { workspaceId: string; connectionId: string }): Promise<Destination> {
    const connection = await this.connection(request);
    const connector = await this.connector(connection);
    if (connector.kind === 'source') return this.actionDestination(connection, connector);
    const config = this.validConfig(connection, connector, readSecrets(this.options.secrets, connection));
    return this.options.catalog.createDestination({ connector, config });
  }

  /** An API takes rows by its actions, in the connector's current version. */
  private actionDestination({ workspaceId, id }: ConnectionRow, connector: ConnectorRow): Destination {
    const { db: pool, secrets, catalog } = this.options;
    return new ActionDestination({
      ports: { pool, secrets, opener: this },
      ...{ workspaceId, connectionId: id, connector: connector.name, connectorHash: connector.hash },
      actions: catalog.describe(connector).actions,
      inputOf: (action) => catalog.rowInput({ connector, action }),
    });
  }

  private async connector({ workspaceId, connector: name }: ConnectionRow): Promise<ConnectorRow> {
    const connector = await findConnector(this.options.db, { workspaceId, name });
    if (connector === null) throw new SluiceError('NOT_FOUND', { detail: `the connector ${name} does not exist` });
    return connector;
  }

  /** `manifest`: the one that is pinned, instead of the current one. */
  private async loadSource(request: {
    workspaceId: string;
    connectionId: string;
    manifest?: JsonObject;
  }): Promise<{ connection: ConnectionRow; connector: ConnectorRef; secrets: ConfigSecrets }> {
    const connection = await this.connection(request);
    const { manifest } = request;
    const known = await this.connector(connection);
    if (known.kind !== 'source')
      throw new SluiceError('CONFIG_INVALID', { detail: `the connection "${connection.name}" is not a source` });
    const connector: ConnectorRef = { ...known, ...(manifest === undefined ? {} : { manifest }) };
    return { connection, connector, secrets: readSecrets(this.options.secrets, connection) };
  }

  private async connection(request: { workspaceId: string; connectionId: string }): Promise<ConnectionRow> {
    const { workspaceId, connectionId: id } = request;
    const connection = await findConnection(this.options.db, { workspaceId, id });
    if (connection === null) throw new SluiceError('NOT_FOUND', { detail: 'the connection does not exist' });
    return connection;
  }

  /** A manifest may have changed since the configuration was accepted. */
  private validConfig(connection: ConnectionRow, connector: ConnectorRef, secrets: ConfigSecrets): JsonObject {
    const config = joinSecrets(connection.config, secrets);
    this.options.catalog.validate({ connector, config });
    return config;
  }
}
