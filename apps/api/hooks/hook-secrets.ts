import type { SecretBox } from '../../../libs/secrets/index.js';
import type { HookRow } from '../../../libs/store/index.js';
import type { RotatingSecret } from '../../../libs/webhooks/index.js';

/** What is encrypted of a hook. Without a current secret the webhook is not signed. */
export interface HookSecrets extends RotatingSecret<string | null> {
  verifyToken: string | null;
}

type Owner = Pick<HookRow, 'id' | 'workspaceId' | 'connectionId'>;
const ownerOf = ({ workspaceId, connectionId }: Owner) => ({ workspaceId, connectionId });

export const sealHook = (box: SecretBox, hook: Owner, secrets: HookSecrets): Buffer =>
  box.encrypt({ owner: ownerOf(hook), value: { hook: hook.id, ...secrets } });

export const openHook = (box: SecretBox, hook: Owner & Pick<HookRow, 'secrets'>): HookSecrets =>
  box.decrypt({ owner: ownerOf(hook), sealed: hook.secrets }) as unknown as HookSecrets;
