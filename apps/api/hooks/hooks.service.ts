import { Inject, Injectable } from '@nestjs/common';
import { randomBytes, randomUUID } from 'node:crypto';
import type { ApiEnv } from '../../../libs/config/index.js';
import type { ConnectorCatalog } from '../../../libs/connections/index.js';
import type {
  HookChange,
  HookView,
  HookWithSecretView,
  NewHook,
  RotateHook,
  WebhooksView,
} from '../../../libs/contracts/hook.schema.js';
import type { Page, PageQuery } from '../../../libs/contracts/page.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import type { SecretBox } from '../../../libs/secrets/index.js';
import {
  deleteHook,
  findConnection,
  findConnector,
  findHook,
  insertHook,
  inTransaction,
  listHooks,
  lockConnection,
  lockHook,
  setHookLimit,
  setHookSecrets,
  type HookRow,
  type Pool,
} from '../../../libs/store/index.js';
import { newSecret, rotated, secretProblem, type WebhookModel } from '../../../libs/webhooks/index.js';
import { CATALOG, CONFIG, POOL, SECRETS } from '../core/tokens.js';
import { numberCursor, pageOfResult } from '../http/cursor.js';
import { openHook, sealHook } from './hook-secrets.js';

const LIST = 'hooks';

interface Connection {
  workspaceId: string;
  connectionId: string;
}
interface Key extends Connection {
  id: string;
}

const noSuchHook = (): SluiceError => new SluiceError('NOT_FOUND', { detail: 'there is no such hook' });

/** Hooks: addresses at which providers tell what happens, each with a secret of its own. */
@Injectable()
export class HooksService {
  constructor(
    @Inject(CONFIG) private readonly config: ApiEnv,
    @Inject(POOL) private readonly pool: Pool,
    @Inject(SECRETS) private readonly box: SecretBox,
    @Inject(CATALOG) private readonly catalog: ConnectorCatalog,
  ) {}

  /** Errors: NOT_FOUND. */
  async webhooksOf(request: { workspaceId: string; name: string }): Promise<WebhooksView> {
    const connector = await findConnector(this.pool, request);
    if (connector === null) throw new SluiceError('NOT_FOUND', { detail: `there is no connector "${request.name}"` });
    const { webhooks } = this.catalog.describe(connector);
    return {
      data: webhooks.map(({ name, description, scheme, challenge, events }) => ({
        ...{ name, description, signature: scheme, challenge },
        events: [...events].map(([type, event]) => ({ type, ...event })),
      })),
    };
  }

  /** Errors: NOT_FOUND, VALIDATION_FAILED. */
  async create({ body, ...connection }: Connection & { body: NewHook }): Promise<HookWithSecretView> {
    const model = await this.model(connection, body.webhook);
    const { secret, made } = secretOf(model, body.secret);
    const verifyToken = model.challenge === 'meta' ? randomBytes(32).toString('base64url') : null;
    const hook = { ...connection, id: randomUUID(), webhook: body.webhook, callsPerMinute: body.calls_per_minute };
    const row = await inTransaction(this.pool, async (tx) => {
      const { workspaceId, connectionId } = connection;
      // A connection that is deleted meanwhile has no new hook.
      if ((await lockConnection(tx, { workspaceId, id: connectionId, strength: 'share' })) === null) throw noSuchConnection();
      return insertHook(tx, { ...hook, secrets: sealHook(this.box, hook, { current: secret, old: null, verifyToken }) });
    });
    return { ...this.view(row), secret: made ? secret : null, verify_token: verifyToken };
  }

  /** Errors: NOT_FOUND, VALIDATION_FAILED. */
  async list({ query, ...connection }: Connection & { query: PageQuery }): Promise<Page<HookView>> {
    await this.connector(connection);
    const { limit, cursor } = query;
    const found = await listHooks(this.pool, { ...connection, limit, after: numberCursor(LIST, cursor) });
    return pageOfResult(LIST, found, (row) => this.view(row));
  }

  /** Errors: NOT_FOUND. */
  async get(key: Key): Promise<HookView> {
    return this.view(await this.find(key));
  }

  /** Errors: NOT_FOUND. */
  async change({ body, ...key }: Key & { body: HookChange }): Promise<HookView> {
    const row = await setHookLimit(this.pool, { ...key, callsPerMinute: body.calls_per_minute });
    if (row === null) throw noSuchHook();
    return this.view(row);
  }

  /** A new secret; what is signed with the old one is taken for a while. Errors: NOT_FOUND, VALIDATION_FAILED. */
  async rotate({ body, ...key }: Key & { body: RotateHook }): Promise<HookWithSecretView> {
    const { webhook } = await this.find(key);
    const model = await this.model(key, webhook);
    if (model.rule.kind === 'none')
      throw new SluiceError('VALIDATION_FAILED', { detail: 'the webhook is not signed: there is no secret to change' });
    const { secret, made } = secretOf(model, body.secret);
    const row = await inTransaction(this.pool, async (tx) => {
      const hook = await lockHook(tx, key);
      if (hook === null) throw noSuchHook();
      const { verifyToken, ...known } = openHook(this.box, hook);
      const next = rotated(known, { secret, overlapSeconds: body.overlap_seconds, now: Date.now() });
      return setHookSecrets(tx, { id: key.id, secrets: sealHook(this.box, hook, { ...next, verifyToken }) });
    });
    return { ...this.view(row), secret: made ? secret : null, verify_token: null };
  }

  /** Errors: NOT_FOUND. */
  async delete(key: Key): Promise<void> {
    if (!(await deleteHook(this.pool, key))) throw noSuchHook();
  }

  private async find(key: Key): Promise<HookRow> {
    const row = await findHook(this.pool, key);
    if (row === null) throw noSuchHook();
    return row;
  }

  private async connector({ workspaceId, connectionId }: Connection): Promise<string> {
    const connection = await findConnection(this.pool, { workspaceId, id: connectionId });
    if (connection === null) throw noSuchConnection();
    return connection.connector;
  }

  private async model(connection: Connection, webhook: string): Promise<WebhookModel> {
    const { workspaceId } = connection;
    const name = await this.connector(connection);
    const connector = await findConnector(this.pool, { workspaceId, name });
    if (connector === null) throw new SluiceError('NOT_FOUND', { detail: `there is no connector "${name}"` });
    const { webhooks } = this.catalog.describe(connector);
    const model = webhooks.find((one) => one.name === webhook);
    if (model !== undefined) return model;
    const allowed = webhooks.map((one) => one.name);
    throw new SluiceError('VALIDATION_FAILED', {
      errors: [{ path: '/webhook', message: `is none that ${name} declares`, found: webhook, allowed }],
    });
  }

  private view(row: HookRow): HookView {
    const { old } = openHook(this.box, row);
    const path = `/v1/hooks/${row.id}`;
    const base = this.config.SLUICE_PUBLIC_URL?.replace(/\/+$/, '');
    return {
      ...{
        id: row.id,
        connection_id: row.connectionId,
        webhook: row.webhook,
        path,
        url: base === undefined ? null : base + path,
      },
      calls_per_minute: row.callsPerMinute,
      old_secret_until: old === null || old.until <= Date.now() ? null : new Date(old.until).toISOString(),
      created_at: row.createdAt.toISOString(),
      rotated_at: row.rotatedAt?.toISOString() ?? null,
    };
  }
}

const noSuchConnection = (): SluiceError => new SluiceError('NOT_FOUND', { detail: 'there is no such connection' });

function secretOf({ rule }: WebhookModel, given: string | undefined): { secret: string | null; made: boolean } {
  if (given === undefined) return { secret: newSecret(rule), made: true };
  const message = secretProblem(rule, given);
  if (message === null) return { secret: given, made: false };
  throw new SluiceError('VALIDATION_FAILED', { errors: [{ path: '/secret', message }] });
}
