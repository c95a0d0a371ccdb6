import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { ApiEnv } from '../../../libs/config/index.js';
import type { Page, PageQuery } from '../../../libs/contracts/page.schema.js';
import type {
  NewWebhookEndpoint,
  RotateEndpoint,
  WebhookEndpointChanges,
  WebhookEndpointView,
  WebhookEndpointWithSecretView,
} from '../../../libs/contracts/webhook-endpoint.schema.js';
import { EgressAllowList, type Egress } from '../../../libs/egress/index.js';
import { SluiceError } from '../../../libs/errors/index.js';
import type { SecretBox } from '../../../libs/secrets/index.js';
import {
  deleteWebhookEndpoint,
  findWebhookEndpoint,
  insertWebhookEndpoint,
  inTransaction,
  listWebhookEndpoints,
  lockWebhookEndpoint,
  updateWebhookEndpoint,
  type Pool,
  type WebhookEndpointRow,
} from '../../../libs/store/index.js';
import { endpointUrlProblem, openEndpoint, sealEndpoint, type EndpointSecrets } from '../../../libs/webhook-endpoints/index.js';
import { newStandardSecret, rotated } from '../../../libs/webhooks/index.js';
import { CONFIG, EGRESS, POOL, SECRETS } from '../core/tokens.js';
import { numberCursor, pageOfResult } from '../http/cursor.js';
import { webhookEndpointView } from './endpoint-view.js';

const LIST = 'webhook-endpoints';
const MOST_ENDPOINTS = 50;

interface Key {
  workspaceId: string;
  id: string;
}

/** Webhook endpoints: addresses that are told what became of runs and events. */
@Injectable()
export class WebhookEndpointsService {
  private readonly allow: EgressAllowList;

  constructor(
    @Inject(CONFIG) config: ApiEnv,
    @Inject(POOL) private readonly pool: Pool,
    @Inject(SECRETS) private readonly box: SecretBox,
    @Inject(EGRESS) private readonly egress: Egress,
  ) {
    this.allow = EgressAllowList.parse(config.SLUICE_EGRESS_ALLOW);
  }

  /** Errors: VALIDATION_FAILED. */
  async create({ workspaceId, body }: { workspaceId: string; body: NewWebhookEndpoint }): Promise<WebhookEndpointWithSecretView> {
    const { url, types, description, enabled } = body;
    this.checkUrl(url);
    const endpoint = { id: randomUUID(), workspaceId, types, description, enabled };
    const secrets: EndpointSecrets = { url, current: newStandardSecret(), old: null };
    const sealed = sealEndpoint(this.box, endpoint, secrets);
    const row = await inTransaction(this.pool, (tx) =>
      insertWebhookEndpoint(tx, { ...endpoint, sealed }, { most: MOST_ENDPOINTS }),
    );
    if (row === null)
      throw new SluiceError('VALIDATION_FAILED', { detail: `a workspace has at most ${MOST_ENDPOINTS} webhook endpoints` });
    return { ...webhookEndpointView(row, secrets, Date.now()), secret: secrets.current };
  }

  /** Errors: VALIDATION_FAILED. */
  async list({ workspaceId, query }: { workspaceId: string; query: PageQuery }): Promise<Page<WebhookEndpointView>> {
    const { limit, cursor } = query;
    const found = await listWebhookEndpoints(this.pool, { workspaceId, limit, after: numberCursor(LIST, cursor) });
    return pageOfResult(LIST, found, (row) => this.view(row));
  }

  /** Errors: NOT_FOUND. */
  async get(key: Key): Promise<WebhookEndpointView> {
    return this.view(await this.find(key));
  }

  /** Errors: NOT_FOUND. */
  async find(key: Key): Promise<WebhookEndpointRow> {
    const row = await findWebhookEndpoint(this.pool, key);
    if (row === null) throw noSuchEndpoint();
    return row;
  }

  /** Errors: NOT_FOUND, VALIDATION_FAILED. */
  async change({ body, ...key }: Key & { body: WebhookEndpointChanges }): Promise<WebhookEndpointView> {
    const { url, types, description, enabled } = body;
    if (url !== undefined) this.checkUrl(url);
    return this.write(key, (row, secrets) => ({
      types: types ?? row.types,
      description: description === undefined ? row.description : description,
      enabled: enabled ?? row.enabled,
      secrets: { ...secrets, url: url ?? secrets.url },
      rotated: false,
    }));
  }

  /** A new secret; the one before signs too for a while. Errors: NOT_FOUND. */
  async rotate({ body, ...key }: Key & { body: RotateEndpoint }): Promise<WebhookEndpointWithSecretView> {
    const secret = newStandardSecret();
    const next = { secret, overlapSeconds: body.overlap_seconds, now: Date.now() };
    const view = await this.write(key, (row, { url, ...known }) => ({
      ...row,
      secrets: { url, ...rotated(known, next) },
      rotated: true,
    }));
    return { ...view, secret };
  }

  /** With its deliveries. Errors: NOT_FOUND. */
  async delete(key: Key): Promise<void> {
    if (!(await inTransaction(this.pool, (tx) => deleteWebhookEndpoint(tx, key)))) throw noSuchEndpoint();
  }

  private write(
    key: Key,
    changed: (
      row: WebhookEndpointRow,
      secrets: EndpointSecrets,
    ) => Pick<WebhookEndpointRow, 'types' | 'description' | 'enabled'> & { secrets: EndpointSecrets; rotated: boolean },
  ): Promise<WebhookEndpointView> {
    return inTransaction(this.pool, async (tx) => {
      const row = await lockWebhookEndpoint(tx, key);
      if (row === null) throw noSuchEndpoint();
      const { secrets, types, description, enabled, rotated } = changed(row, openEndpoint(this.box, row));
      const sealed = sealEndpoint(this.box, row, secrets);
      return this.view(await updateWebhookEndpoint(tx, { id: row.id, types, description, enabled, sealed, rotated }));
    });
  }

  /** What its text says; where a name leads is looked at whenever something is sent. */
  private checkUrl(url: string): void {
    const refuse = (message: string): SluiceError =>
      new SluiceError('VALIDATION_FAILED', { errors: [{ path: '/url', message }] });
    const message = endpointUrlProblem(url, this.allow);
    if (message !== null) throw refuse(message);
    try {
      this.egress.guard.assertUrl(new URL(url));
    } catch (error) {
      throw error instanceof SluiceError && error.code === 'EGRESS_REFUSED'
        ? refuse(`may not be called: ${error.detail ?? ''}`)
        : error;
    }
  }

  private view(row: WebhookEndpointRow): WebhookEndpointView {
    return webhookEndpointView(row, openEndpoint(this.box, row), Date.now());
  }
}

const noSuchEndpoint = (): SluiceError => new SluiceError('NOT_FOUND', { detail: 'there is no such webhook endpoint' });
