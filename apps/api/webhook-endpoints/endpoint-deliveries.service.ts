import { Inject, Injectable } from '@nestjs/common';
import type { Page } from '../../../libs/contracts/page.schema.js';
import {
  PING_TYPE,
  type EndpointDeliveryQuery,
  type EndpointDeliveryView,
  type ReplayEndpointDeliveries,
} from '../../../libs/contracts/webhook-endpoint.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import {
  insertEndpointDelivery,
  listEndpointDeliveries,
  replayEndpointDeliveries,
  replayEndpointDelivery,
  type EndpointDeliveryFilter,
  type Pool,
} from '../../../libs/store/index.js';
import { POOL } from '../core/tokens.js';
import { numberCursor, pageOfResult } from '../http/cursor.js';
import { endpointDeliveryView } from './endpoint-view.js';
import { WebhookEndpointsService } from './webhook-endpoints.service.js';

const LIST = 'webhook-endpoint-deliveries';

interface Key {
  workspaceId: string;
  /** Of the endpoint. */
  id: string;
}
const filterOf = (
  endpointId: string,
  { state, type, since, until }: Partial<Pick<EndpointDeliveryQuery, 'state' | 'type' | 'since' | 'until'>>,
): EndpointDeliveryFilter => ({
  ...{ endpointId, state: state ?? null, type: type ?? null },
  since: since === undefined ? null : new Date(since),
  until: until === undefined ? null : new Date(until),
});

/** What webhook endpoints were told, and are to be told. */
@Injectable()
export class EndpointDeliveriesService {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(WebhookEndpointsService) private readonly endpoints: WebhookEndpointsService,
  ) {}

  /** Errors: NOT_FOUND, VALIDATION_FAILED. */
  async list({ query, ...key }: Key & { query: EndpointDeliveryQuery }): Promise<Page<EndpointDeliveryView>> {
    const { id } = await this.endpoints.find(key);
    const { limit, cursor } = query;
    const found = await listEndpointDeliveries(this.pool, { ...filterOf(id, query), limit, after: numberCursor(LIST, cursor) });
    return pageOfResult(LIST, found, endpointDeliveryView);
  }

  /** Whatever it wants to hear. Errors: NOT_FOUND, ENDPOINT_DISABLED. */
  async test(key: Key): Promise<EndpointDeliveryView> {
    const { id } = await this.enabled(key);
    const ping = { endpointId: id, type: PING_TYPE, data: { webhook_endpoint_id: id } };
    return endpointDeliveryView(await insertEndpointDelivery(this.pool, ping));
  }

  /** Errors: NOT_FOUND, ENDPOINT_DISABLED. */
  async replay({ deliveryId, ...key }: Key & { deliveryId: string }): Promise<EndpointDeliveryView> {
    const { id: endpointId } = await this.enabled(key);
    const row = await replayEndpointDelivery(this.pool, { endpointId, id: deliveryId });
    if (row === null) throw new SluiceError('NOT_FOUND', { detail: 'there is no such delivery' });
    return endpointDeliveryView(row);
  }

  /** Errors: NOT_FOUND, ENDPOINT_DISABLED. */
  async replayAll({ body, ...key }: Key & { body: ReplayEndpointDeliveries }): Promise<{ deliveries: number }> {
    const { id } = await this.enabled(key);
    return { deliveries: await replayEndpointDeliveries(this.pool, filterOf(id, body)) };
  }

  private async enabled(key: Key) {
    const row = await this.endpoints.find(key);
    if (!row.enabled) throw new SluiceError('ENDPOINT_DISABLED');
    return row;
  }
}
