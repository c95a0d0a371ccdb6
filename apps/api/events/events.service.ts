import { Inject, Injectable } from '@nestjs/common';
import type {
  EventFilterQuery,
  EventQuery,
  EventSummary,
  EventView,
  ReplayedView,
  ReplayEvents,
} from '../../../libs/contracts/event.schema.js';
import type { Page } from '../../../libs/contracts/page.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { openBody, replayEvent, replayEvents } from '../../../libs/events/index.js';
import { parseJson } from '../../../libs/json/index.js';
import type { SecretBox } from '../../../libs/secrets/index.js';
import { getEvent, listDeliveries, listEvents, type EventFilter, type Pool } from '../../../libs/store/index.js';
import { POOL, SECRETS } from '../core/tokens.js';
import { DeliveryBell } from '../hooks/delivery-bell.js';
import { encodeCursor, numberCursor, pageOfResult } from '../http/cursor.js';
import { eventSummary, eventView } from './event-view.js';

const LIST = 'events';
/** Another list, in the other direction. */
const REPLAY = 'events:replay';

interface Key {
  workspaceId: string;
  id: string;
}

const noSuchEvent = (): SluiceError => new SluiceError('NOT_FOUND', { detail: 'there is no such event' });

/** The inbox: what happened, and which flows have heard of it. */
@Injectable()
export class EventsService {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(SECRETS) private readonly secrets: SecretBox,
    @Inject(DeliveryBell) private readonly bell: DeliveryBell,
  ) {}

  async list({ workspaceId, query }: { workspaceId: string; query: EventQuery }): Promise<Page<EventSummary>> {
    const { limit, cursor, ...filters } = query;
    const found = await listEvents(this.pool, { ...filterOf(workspaceId, filters), limit, after: numberCursor(LIST, cursor) });
    return pageOfResult(LIST, found, eventSummary);
  }

  /** Errors: NOT_FOUND. */
  async get({ workspaceId, id, withBody }: Key & { withBody: boolean }): Promise<EventView> {
    const row = await getEvent(this.pool, { id });
    if (row?.workspaceId !== workspaceId) throw noSuchEvent();
    const deliveries = await listDeliveries(this.pool, { eventId: id });
    return eventView(row, deliveries, withBody ? { value: parseJson(openBody(this.secrets, row)) } : undefined);
  }

  /** Errors: NOT_FOUND. */
  async replay(key: Key): Promise<ReplayedView> {
    const deliveries = await replayEvent(this.pool, key);
    if (deliveries === null) throw noSuchEvent();
    if (deliveries > 0) this.bell.ring();
    return { events: 1, deliveries, next_cursor: null };
  }

  async replayAll({ workspaceId, body }: { workspaceId: string; body: ReplayEvents }): Promise<ReplayedView> {
    const { limit, cursor, ...filters } = body;
    const request = { ...filterOf(workspaceId, filters), limit, after: numberCursor(REPLAY, cursor) };
    const { events, deliveries, next } = await replayEvents(this.pool, request);
    if (deliveries > 0) this.bell.ring();
    return { events, deliveries, next_cursor: next === null ? null : encodeCursor(REPLAY, next) };
  }
}

const filterOf = (workspaceId: string, query: EventFilterQuery): EventFilter => ({
  workspaceId,
  connectionId: query.connection_id ?? null,
  kind: query.kind ?? null,
  type: query.type ?? null,
  subject: query.subject ?? null,
  state: query.state ?? null,
  since: query.since === undefined ? null : new Date(query.since),
  until: query.until === undefined ? null : new Date(query.until),
});
