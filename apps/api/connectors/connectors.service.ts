import { Inject, Injectable } from '@nestjs/common';
import type { JsonObject } from '../../../libs/contracts/json.js';
import type { ConnectorCatalog, ConnectorDescription } from '../../../libs/connections/index.js';
import type {
  ConnectorSummaryView,
  ConnectorView,
  NewConnector,
  PutConnectorView,
} from '../../../libs/contracts/connector.schema.js';
import type { Page, PageQuery } from '../../../libs/contracts/page.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import {
  connectorHash,
  findConnector,
  inTransaction,
  listConnectors,
  listConnectorVersions,
  putConnector,
  retireConnector,
  type ConnectorRow,
  type Pool,
} from '../../../libs/store/index.js';
import { CATALOG, POOL } from '../core/tokens.js';
import { pageOfRows, textCursor } from '../http/cursor.js';
import { ConnectorChanges, fieldErrorView } from './connector-changes.service.js';

const LIST = 'connectors';
const MAX_VERSIONS = 50;

/** Connectors: manifests by name, each change a new version. */
@Injectable()
export class ConnectorsService {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(CATALOG) private readonly catalog: ConnectorCatalog,
    @Inject(ConnectorChanges) private readonly changes: ConnectorChanges,
  ) {}

  async list(request: { workspaceId: string; query: PageQuery }): Promise<Page<ConnectorSummaryView>> {
    const { limit, cursor } = request.query;
    const rows = await listConnectors(this.pool, { workspaceId: request.workspaceId, limit, after: textCursor(LIST, cursor) });
    return pageOfRows(LIST, { rows, limit, after: (row) => row.name, view: summaryView });
  }

  async get(request: { workspaceId: string; name: string }): Promise<ConnectorView> {
    const { row, description } = await this.describe(request);
    return connectorView(row, description, await this.versions(request));
  }

  /** The current version with what its manifest says. Errors: NOT_FOUND. */
  async describe(request: {
    workspaceId: string;
    name: string;
  }): Promise<{ row: ConnectorRow; description: ConnectorDescription }> {
    const row = await findConnector(this.pool, request);
    if (row === null) throw new SluiceError('NOT_FOUND', { detail: `there is no connector "${request.name}"` });
    return { row, description: this.catalog.describe(row) };
  }

  /**
   * Adds a connector, or a version of one; with `dryRun` it only tells what that would do. Errors: NAME_TAKEN for connectors made of code,
   * MANIFEST_INVALID, MANIFEST_UNSUPPORTED.
   */
  async put(request: { workspaceId: string; dryRun: boolean } & NewConnector): Promise<PutConnectorView> {
    const { workspaceId, name, manifest, dryRun } = request;
    if (this.catalog.builtIn.some((builtIn) => builtIn.name === name))
      throw new SluiceError('NAME_TAKEN', { detail: `"${name}" is a connector that comes with Sluice` });
    const before = await findConnector(this.pool, { workspaceId, name });
    const sluice = this.sluiceOf(request, before);
    const connector = { workspaceId, name, kind: 'source' as const, manifest, sluice };
    const description = this.catalog.describe(connector);
    const changes = await this.changes.between({ workspaceId, before, after: connector });
    const hash = connectorHash(connector);
    const outcome = before === null ? 'created' : before.hash === hash ? 'unchanged' : 'updated';
    const row = dryRun ? { ...connector, hash, createdAt: new Date() } : await this.store(connector);
    const view = connectorView(row, description, await this.versions({ workspaceId, name }));
    return { ...view, outcome, dry_run: dryRun, changes };
  }

  private sluiceOf({ sluice, manifest }: NewConnector, before: ConnectorRow | null): JsonObject | null {
    if (sluice === undefined) return before?.sluice ?? null;
    return typeof sluice === 'string' ? this.catalog.parseSluice(sluice, manifest) : sluice;
  }

  private async versions(request: { workspaceId: string; name: string }): Promise<ConnectorView['versions']> {
    const rows = await listConnectorVersions(this.pool, { ...request, limit: MAX_VERSIONS });
    return rows.map(({ hash, createdAt, current }) => ({ version: hash, created_at: createdAt.toISOString(), current }));
  }

  /** Makes this version the current one. */
  async store(
    connector: Pick<ConnectorRow, 'workspaceId' | 'name' | 'kind' | 'manifest'> & { sluice?: JsonObject | null },
  ): Promise<ConnectorRow> {
    const hash = connectorHash(connector);
    const { workspaceId, name } = connector;
    return inTransaction(this.pool, async (tx) => {
      await retireConnector(tx, { workspaceId, name, exceptHash: hash });
      return putConnector(tx, { ...connector, hash });
    });
  }
}

function summaryView(row: ConnectorRow): ConnectorSummaryView {
  return { name: row.name, kind: row.kind, version: row.hash, created_at: row.createdAt.toISOString() };
}

function connectorView(row: ConnectorRow, description: ConnectorDescription, versions: ConnectorView['versions']): ConnectorView {
  return {
    ...summaryView(row),
    spec: description.spec as ConnectorView['spec'],
    streams: [...description.streams],
    unavailable: description.unavailable.map(({ name, reason, missing }) => ({
      ...{ stream: name, reason },
      missing: missing.map(({ type, className }) => ({ type, class_name: className })),
    })),
    warnings: description.warnings.map(fieldErrorView),
    actions: description.actions.map(({ name }) => name),
    webhooks: description.webhooks.map(({ name }) => name),
    delivery: description.capabilities?.delivery ?? null,
    writers: description.capabilities?.writers ?? null,
    record_changes: description.capabilities?.changes ?? null,
    versions,
  };
}
