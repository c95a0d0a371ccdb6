import type { SecretBox } from '../../../libs/secrets/index.js';
import type { HookRow } from '../../../libs/store/index.js';

/** What is encrypted of a hook. */
export interface HookSecrets {
  /** null: the webhook is not signed. */
  current: string | null;
  /** The one before, and until when (ms since the epoch) it holds. */
  old: { secret: string; until: number } | null;
  verifyToken: string | null;
}

type Owner = Pick<HookRow, 'id' | 'workspaceId' | 'connectionId'>;
const ownerOf = ({ workspaceId, connectionId }: Owner) => ({ workspaceId, connectionId });

export const sealHook = (box: SecretBox, hook: Owner, secrets: HookSecrets): Buffer =>
  box.encrypt({ owner: ownerOf(hook), value: { hook: hook.id, ...secrets } });

export const openHook = (box: SecretBox, hook: Owner & Pick<HookRow, 'secrets'>): HookSecrets =>
  box.decrypt({ owner: ownerOf(hook), sealed: hook.secrets }) as unknown as HookSecrets;

/** Those that hold now. Pure. */
export const validSecrets = ({ current, old }: HookSecrets, now: number): string[] => [
  ...(current === null ? [] : [current]),
  ...(old === null || old.until <= now ? [] : [old.secret]),
];
