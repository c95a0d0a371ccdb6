import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { readSecrets, sealSecrets, type ConnectorCatalog, type ConnectorRef } from '../../../libs/connections/index.js';
import type { ConnectionPatch, ConnectionView, NewConnection } from '../../../libs/contracts/connection.schema.js';
import type { JsonObject } from '../../../libs/contracts/json.js';
import type { Page, PageQuery } from '../../../libs/contracts/page.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { joinSecrets, mergeSecrets, splitSecrets, type SecretBox } from '../../../libs/secrets/index.js';
import {
  deleteConnection,
  findConnection,
  insertConnection,
  inTransaction,
  isUniqueViolation,
  listConnections,
  listFlowsOfConnection,
  listSyncsOfConnection,
  lockConnection,
  updateConnection,
  type ConnectionRow,
  type Pool,
} from '../../../libs/store/index.js';
import { ConnectorsService } from '../connectors/connectors.service.js';
import { CATALOG, POOL, SECRETS } from '../core/tokens.js';
import { numberCursor, pageOfResult } from '../http/cursor.js';

const LIST = 'connections';
interface Key {
  workspaceId: string;
  id: string;
}

/** Connections: configuration checked against the connector's spec, credentials encrypted and never handed out. */
@Injectable()
export class ConnectionsService {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(SECRETS) private readonly box: SecretBox,
    @Inject(CATALOG) private readonly catalog: ConnectorCatalog,
    @Inject(ConnectorsService) private readonly connectors: ConnectorsService,
  ) {}

  async list(request: { workspaceId: string; query: PageQuery }): Promise<Page<ConnectionView>> {
    const { limit, cursor } = request.query;
    const result = await listConnections(this.pool, {
      workspaceId: request.workspaceId,
      limit,
      after: numberCursor(LIST, cursor),
    });
    return pageOfResult(LIST, result, (row) => this.view(row));
  }

  async get(key: Key): Promise<ConnectionView> {
    return this.view(await this.find(key));
  }

  /** Errors: NOT_FOUND. */
  async find(key: Key): Promise<ConnectionRow> {
    const row = await findConnection(this.pool, key);
    if (row === null) throw new SluiceError('NOT_FOUND', { detail: 'there is no such connection' });
    return row;
  }

  /** Errors: VALIDATION_FAILED for an unknown connector, CONFIG_INVALID, NAME_TAKEN. */
  async create(request: { workspaceId: string; body: NewConnection }): Promise<ConnectionView> {
    const { workspaceId, body } = request;
    const { row: connector, description } = await this.connectors
      .describe({ workspaceId, name: body.connector })
      .catch((error: unknown) => {
        if (!(error instanceof SluiceError) || error.code !== 'NOT_FOUND') throw error;
        throw new SluiceError('VALIDATION_FAILED', {
          errors: [{ path: '/connector', message: 'is not a connector; GET /v1/connectors lists them', found: body.connector }],
        });
      });
    const split = splitSecrets(description.spec, body.config);
    const secrets = mergeSecrets({ stored: {}, changed: split.secrets, config: split.config });
    this.validate(connector, joinSecrets(split.config, secrets));
    const id = randomUUID();
    const row = await insertConnection(this.pool, {
      ...{ id, workspaceId, name: body.name, connector: body.connector, config: split.config, budget: body.budget },
      secrets: sealSecrets(this.box, { workspaceId, id }, secrets),
    }).catch(nameTaken);
    return this.view(row);
  }

  /** Errors: NOT_FOUND, VERSION_CONFLICT, CONFIG_INVALID, NAME_TAKEN. */
  async patch(request: Key & { body: ConnectionPatch }): Promise<ConnectionView> {
    const { body } = request;
    const row = await this.find(request);
    if (row.revision !== body.revision) throw versionConflict(row.revision);
    const { config, secrets } = await this.changedConfig(row, body);
    const updated = await updateConnection(this.pool, {
      ...{ id: row.id, workspaceId: row.workspaceId, revision: body.revision, config, secrets },
      name: body.name ?? row.name,
      budget: body.budget === undefined ? row.budget : body.budget,
    }).catch(nameTaken);
    if (updated === null) throw versionConflict((await this.find(request)).revision);
    return this.view(updated);
  }

  private async changedConfig(row: ConnectionRow, body: ConnectionPatch): Promise<Pick<ConnectionRow, 'config' | 'secrets'>> {
    if (body.config === undefined) return { config: row.config, secrets: row.secrets };
    const { row: connector, description } = await this.connectors.describe({ workspaceId: row.workspaceId, name: row.connector });
    const { config, secrets: changed } = splitSecrets(description.spec, body.config);
    const secrets = mergeSecrets({ stored: readSecrets(this.box, row), changed, config });
    this.validate(connector, joinSecrets(config, secrets));
    return { config, secrets: sealSecrets(this.box, row, secrets) };
  }

  /** As ConnectorCatalog.validate, with pointers into the request. */
  private validate(connector: ConnectorRef, config: JsonObject): void {
    try {
      this.catalog.validate({ connector, config });
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'CONFIG_INVALID') throw error;
      throw new SluiceError('CONFIG_INVALID', {
        errors: error.errors.map((field) => ({ ...field, path: `/config${field.path}` })),
      });
    }
  }

  /** Errors: NOT_FOUND, IN_USE with the syncs that use it. */
  async delete(key: Key): Promise<void> {
    await inTransaction(this.pool, async (tx) => {
      // The lock keeps a sync from being created between the look and the deletion.
      if ((await lockConnection(tx, { ...key, strength: 'update' })) === null)
        throw new SluiceError('NOT_FOUND', { detail: 'there is no such connection' });
      const users = await listSyncsOfConnection(tx, { connectionId: key.id });
      if (users.length > 0)
        throw new SluiceError('IN_USE', {
          detail: `used by ${users.map(({ name, id }) => `the sync "${name}" (${id})`).join(', ')}`,
          details: { syncs: users.map(({ id }) => id).join(',') },
        });
      const flows = await listFlowsOfConnection(tx, { connectionId: key.id });
      if (flows.length > 0)
        throw new SluiceError('IN_USE', {
          detail: `used by ${flows.map(({ name, id }) => `the flow "${name}" (${id})`).join(', ')}`,
          details: { flows: flows.map(({ id }) => id).join(',') },
        });
      await deleteConnection(tx, key);
    });
  }

  private view(row: ConnectionRow): ConnectionView {
    return {
      id: row.id,
      name: row.name,
      connector: row.connector,
      config: row.config,
      secrets_set: Object.keys(readSecrets(this.box, row)).sort(),
      budget: row.budget,
      revision: row.revision,
      needs_reauthorization_since: row.needsReauthorizationSince?.toISOString() ?? null,
      created_at: row.createdAt.toISOString(),
      updated_at: row.updatedAt.toISOString(),
    };
  }
}

const versionConflict = (revision: number): SluiceError =>
  new SluiceError('VERSION_CONFLICT', { detail: `the revision is now ${revision}`, details: { revision } });

function nameTaken(error: unknown): never {
  if (isUniqueViolation(error, 'connection_name'))
    throw new SluiceError('NAME_TAKEN', { errors: [{ path: '/name', message: 'is taken' }] });
  throw error;
}
