import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import type { ApiEnv } from '../../../libs/config/index.js';
import type { ConnectorCatalog } from '../../../libs/connections/index.js';
import type { ReceivedView } from '../../../libs/contracts/hook.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { EventIntake } from '../../../libs/events/index.js';
import type { SecretBox } from '../../../libs/secrets/index.js';
import { findConnectorVersion, findOpenHook, type Db, type OpenHookRow } from '../../../libs/store/index.js';
import {
  metaChallenge,
  readBody,
  readEvent,
  secretsThatHold,
  slackChallenge,
  verifySignature,
  type WebhookModel,
} from '../../../libs/webhooks/index.js';
import { CATALOG, CONFIG, INTAKE, SECRETS } from '../core/tokens.js';
import { CallBlocks } from '../http/call-blocks.js';
import { rateLimitHeaders } from '../http/rate-limit-headers.js';
import { DeliveryBell } from './delivery-bell.js';
import { openHook } from './hook-secrets.js';
import { JoinedLooks } from './joined-looks.js';
import { readRawBody } from './raw-body.js';

const unknownHook = (): SluiceError => new SluiceError('NOT_FOUND', { detail: 'there is no such hook' });

/** What a provider gets: a challenge's answer, or what became of its event. */
export type Reception = { challenge: string } | ReceivedView;

/** Takes what providers send. Nothing is believed before its signature was verified, and nothing is acknowledged before it is stored. */
@Injectable()
export class ReceiverService {
  private readonly calls: CallBlocks;
  private readonly looks = new JoinedLooks<OpenHookRow | null>();

  constructor(
    @Inject(CONFIG) private readonly config: ApiEnv,
    @Inject(INTAKE) private readonly db: Db,
    @Inject(EventIntake) private readonly intake: EventIntake,
    @Inject(SECRETS) private readonly box: SecretBox,
    @Inject(CATALOG) private readonly catalog: ConnectorCatalog,
    @Inject(DeliveryBell) private readonly bell: DeliveryBell,
  ) {
    this.calls = new CallBlocks(db);
  }

  /**
   * Errors: NOT_FOUND, CALLS_LIMITED, PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, SIGNATURE_INVALID, SIGNATURE_EXPIRED, INVALID_REQUEST, VALIDATION_FAILED,
   * STORE_UNAVAILABLE: then it is to be sent again.
   */
  async receive({ id, request }: { id: string; request: Request }): Promise<Reception> {
    const hook = await this.hook(id);
    await this.admit(hook, request);
    const model = await this.model(hook);
    const body = await readRawBody(request, this.config.SLUICE_HOOK_BYTES);
    const signed = { headers: request.headers, body };
    const secrets = secretsThatHold(openHook(this.box, hook), Date.now());
    const verdict = verifySignature(model.rule, signed, secrets, Date.now());
    if (verdict !== 'right') throw new SluiceError(verdict === 'wrong' ? 'SIGNATURE_INVALID' : 'SIGNATURE_EXPIRED');
    const content = readBody(model, body);
    const challenge = model.challenge === 'slack' ? slackChallenge(content.value) : null;
    if (challenge !== null) return { challenge };
    const { text, ...event } = readEvent(model, signed, content);
    const { workspaceId, connectionId } = hook;
    const incoming = { workspaceId, connectionId, kind: 'webhook' as const, ...event, body: text };
    const stored = await this.intake.store(incoming);
    if (stored.deliveries > 0) this.bell.ring();
    return { event: stored.id, duplicate: !stored.isNew };
  }

  /** The answer to a provider that asks whether an address is meant. Errors: NOT_FOUND, SIGNATURE_INVALID. */
  async verify({ id, query }: { id: string; query: Request['query'] }): Promise<string> {
    const hook = await this.hook(id);
    const model = await this.model(hook);
    const { verifyToken } = openHook(this.box, hook);
    if (model.challenge !== 'meta' || verifyToken === null) throw unknownHook();
    const answer = metaChallenge(query, verifyToken);
    if (answer === null) throw new SluiceError('SIGNATURE_INVALID', { detail: 'hub.verify_token is not the hook’s' });
    return answer;
  }

  /** Before anything is read: what is refused is to cost little. Whoever knows the address counts, whether the signature is right or not. */
  private async admit({ id, callsPerMinute: perMinute }: OpenHookRow, request: Request): Promise<void> {
    const quota = await this.calls.take({ subject: `hook:${id}`, perMinute });
    for (const [name, value] of Object.entries(rateLimitHeaders({ policy: 'hook', perMinute, quota })))
      request.res?.setHeader(name, value);
    if (!quota.isAllowed)
      throw new SluiceError('CALLS_LIMITED', {
        detail: `the hook takes ${perMinute} requests a minute`,
        retryAt: Date.now() + quota.retryInMs,
      });
  }

  private async hook(id: string): Promise<OpenHookRow> {
    const hook = await this.looks.look(id, () => findOpenHook(this.db, { id }));
    if (hook === null) throw unknownHook();
    return hook;
  }

  private async model({ workspaceId, connector, connectorHash: hash, webhook }: OpenHookRow): Promise<WebhookModel> {
    const row = await findConnectorVersion(this.db, { workspaceId, name: connector, hash });
    const model = row === null ? null : this.catalog.webhook({ connector: row, webhook });
    if (model === null)
      throw new SluiceError('NOT_FOUND', {
        detail: `the connector ${connector} does not declare the webhook ${webhook} any more`,
      });
    return model;
  }
}
