import { randomBytes } from 'node:crypto';
import type { SecretBox } from '../secrets/index.js';
import type { WebhookEndpointRow } from '../store/index.js';

/** What is encrypted of a webhook endpoint. */
export interface EndpointSecrets {
  url: string;
  /** `whsec_…` */
  current: string;
  /** The one before, and until when (ms since the epoch) it signs too. */
  old: { secret: string; until: number } | null;
}

type Owner = Pick<WebhookEndpointRow, 'id' | 'workspaceId'>;
const ownerOf = ({ id, workspaceId }: Owner) => ({ workspaceId, connectionId: id });

export const sealEndpoint = (box: SecretBox, endpoint: Owner, { url, current, old }: EndpointSecrets): Buffer =>
  box.encrypt({ owner: ownerOf(endpoint), value: { url, current, old } });

export const openEndpoint = (box: SecretBox, endpoint: Owner & Pick<WebhookEndpointRow, 'sealed'>): EndpointSecrets =>
  box.decrypt({ owner: ownerOf(endpoint), sealed: endpoint.sealed }) as unknown as EndpointSecrets;

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: 24 to 64 random bytes. */
export const newEndpointSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** Those that sign now, the newest first. Pure. */
export const signingSecrets = ({ current, old }: EndpointSecrets, now: number): string[] => [
  current,
  ...(old === null || old.until <= now ? [] : [old.secret]),
];
