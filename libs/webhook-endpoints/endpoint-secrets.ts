import type { SecretBox } from '../secrets/index.js';
import type { WebhookEndpointRow } from '../store/index.js';
import type { RotatingSecret } from '../webhooks/index.js';

/** What is encrypted of a webhook endpoint. */
export interface EndpointSecrets extends RotatingSecret {
  url: string;
}

type Owner = Pick<WebhookEndpointRow, 'id' | 'workspaceId'>;
const ownerOf = ({ id, workspaceId }: Owner) => ({ workspaceId, connectionId: id });

export const sealEndpoint = (box: SecretBox, endpoint: Owner, { url, current, old }: EndpointSecrets): Buffer =>
  box.encrypt({ owner: ownerOf(endpoint), value: { url, current, old } });

export const openEndpoint = (box: SecretBox, endpoint: Owner & Pick<WebhookEndpointRow, 'sealed'>): EndpointSecrets =>
  box.decrypt({ owner: ownerOf(endpoint), sealed: endpoint.sealed }) as unknown as EndpointSecrets;
