import type { SecretBox } from '../secrets/index.js';
import type { ActionRunRow } from '../store/index.js';

type Owner = Pick<ActionRunRow, 'workspaceId' | 'connectionId'>;

/** Texts of a run as they are stored: inputs and answers hold personal data. */
export const sealText = (box: SecretBox, owner: Owner, text: string): Buffer =>
  box.encrypt({ owner: ownerOf(owner), value: { text } });
export const openText = (box: SecretBox, owner: Owner, sealed: Buffer): string =>
  box.decrypt({ owner: ownerOf(owner), sealed })['text'] as string;

const ownerOf = ({ workspaceId, connectionId }: Owner): Owner => ({ workspaceId, connectionId });
