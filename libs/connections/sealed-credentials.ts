import type { JsonObject } from '../contracts/json.js';
import { SluiceError } from '../errors/index.js';
import type { SecretBox } from '../secrets/index.js';

/** Credentials of one name by what they were obtained with, oldest first: a configuration that changed while runs still read with the old one has two. */
export type StoredCredentials = readonly { inputs: string; credential: JsonObject }[];

interface Place {
  owner: { workspaceId: string; connectionId: string };
  name: string;
}

/** A connection has few of a kind; those of configurations long gone are dropped. */
const MOST_KEPT = 8;

/** INTERNAL when they are another's, were tampered with, or their key is not known. */
export function openCredentials(box: SecretBox, { owner, name, sealed }: Place & { sealed: Buffer }): StoredCredentials {
  const opened = box.decrypt({ owner, sealed });
  if (opened['name'] !== name)
    throw new SluiceError('INTERNAL', { detail: 'a stored credential is not the one that its row names' });
  return opened['credentials'] as unknown as StoredCredentials;
}

export function sealCredentials(
  box: SecretBox,
  { owner, name, credentials }: Place & { credentials: StoredCredentials },
): Buffer {
  return box.encrypt({ owner, value: { name, credentials: credentials as unknown as JsonObject[] } });
}

export const readCredential = (all: StoredCredentials, inputs: string): JsonObject | null =>
  all.find((one) => one.inputs === inputs)?.credential ?? null;

export const withCredential = (all: StoredCredentials, added: StoredCredentials[number]): StoredCredentials =>
  [...all.filter(({ inputs }) => inputs !== added.inputs), added].slice(-MOST_KEPT);
