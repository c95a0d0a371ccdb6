import type { SecretBox, SecretOwner } from './secret-box.js';

/** Texts that hold personal data, as they are stored: inputs and answers, events, records. */
export const sealText = (box: SecretBox, owner: SecretOwner, text: string): Buffer => box.encrypt({ owner, value: { text } });
export const openText = (box: SecretBox, owner: SecretOwner, sealed: Buffer): string =>
  box.decrypt({ owner, sealed })['text'] as string;
