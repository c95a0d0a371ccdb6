import { openText, sealText, type SecretBox } from '../secrets/index.js';
import type { EventRow } from '../store/index.js';

type Owner = Pick<EventRow, 'workspaceId' | 'connectionId'>;

/** The system's own events belong to no connection. */
const ownerOf = ({ workspaceId, connectionId }: Owner) => ({ workspaceId, connectionId: connectionId ?? 'system' });

/** An event's JSON text as it is stored. */
export const sealBody = (box: SecretBox, owner: Owner, text: string): Buffer => sealText(box, ownerOf(owner), text);

/** The JSON text of an event's body: read it with parseJson, which keeps the digits of its numbers. */
export const openBody = (box: SecretBox, event: Owner & Pick<EventRow, 'body'>): string =>
  openText(box, ownerOf(event), event.body);
