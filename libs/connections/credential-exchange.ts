import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Exchange } from '../connectors/index.js';
import type { JsonObject } from '../contracts/json.js';
import { SluiceError } from '../errors/index.js';
import type { SecretBox } from '../secrets/index.js';
import {
  findCredential,
  holdCredential,
  isStoreUnavailable,
  keepCredential,
  releaseCredential,
  storeCredential,
  type CredentialRow,
  type Db,
} from '../store/index.js';
import {
  openCredentials,
  readCredential,
  sealCredentials,
  withCredential,
  type StoredCredentials,
} from './sealed-credentials.js';

/** How long a holder that says nothing is believed: what a frozen process can cost the others. */
const LEASE_MS = 15_000;
/** A holder says that it lives after this part of its lease. */
const KEEP_PART = 0.3;
/** While another worker renews. */
const FIRST_POLL_MS = 50;
const LONGEST_POLL_MS = 500;
/** Longer than any renewal may take (its own deadline is 90 s). */
const LONGEST_WAIT_MS = 150_000;
/** How long a new credential is kept trying to be stored while the database is away: it may be the only copy of a refresh token. */
const STORE_PATIENCE_MS = 120_000;
const STORE_PAUSE_MS = 500;

export interface CredentialExchangeOptions {
  db: Db;
  secrets: SecretBox;
  owner: { workspaceId: string; connectionId: string };
  /** Told when the provider refused a renewal for good. */
  onRefused?: () => Promise<void>;
  /** Replaced in tests. */
  leaseMs?: number;
}

/**
 * The exchange of a connection's vault, over PostgreSQL. Whoever finds nothing usable holds the row by a lease that it keeps up while it
 * renews; the others wait and read what it stored. A holder whose lease ran out is overtaken, and its store is refused once there is a newer
 * version. What remains is a process that dies between the provider's answer and the store.
 */
export function createCredentialExchange({
  db,
  secrets,
  owner,
  onRefused,
  leaseMs = LEASE_MS,
}: CredentialExchangeOptions): Exchange {
  const { workspaceId, connectionId } = owner;

  return async ({ name, inputs, accept, renew }) => {
    const key = { workspaceId, connectionId, name };
    const holder = randomUUID();
    const all = (row: CredentialRow | null): StoredCredentials =>
      row?.sealed ? openCredentials(secrets, { owner, name, sealed: row.sealed }) : [];
    const read = (row: CredentialRow | null): JsonObject | null => readCredential(all(row), inputs);

    /** What was obtained but could not be stored since another one held the row by then, and what it replaces. */
    let unstored: { fresh: JsonObject; replaces: string } | null = null;

    /** Renews what is held and stores it; null: another one came in between. */
    const replace = async (row: CredentialRow): Promise<JsonObject | null> => {
      const current = read(row);
      const replaces = JSON.stringify(current);
      const keep = (): void => void keepCredential(db, { ...key, holder, leaseMs }).catch(() => undefined);
      const keeping = setInterval(keep, leaseMs * KEEP_PART);
      try {
        const fresh: JsonObject = unstored?.replaces === replaces ? unstored.fresh : await renew(current);
        unstored = { fresh, replaces };
        const credentials = withCredential(all(row), { inputs, credential: fresh });
        const sealed = sealCredentials(secrets, { owner, name, credentials });
        return (await store({ ...key, holder, version: row.version, sealed })) ? fresh : null;
      } catch (error) {
        // Its lease ends by itself when this fails too.
        await releaseCredential(db, { ...key, holder }).catch(() => undefined);
        if (error instanceof SluiceError && error.code === 'SOURCE_AUTH_FAILED') await onRefused?.().catch(() => undefined);
        throw error;
      } finally {
        clearInterval(keeping);
      }
    };

    const store = async (request: Parameters<typeof storeCredential>[1]): Promise<boolean> => {
      const until = performance.now() + STORE_PATIENCE_MS;
      for (;;) {
        try {
          return await storeCredential(db, request);
        } catch (error) {
          if (!isStoreUnavailable(error) || performance.now() > until) throw error;
          await delay(STORE_PAUSE_MS);
        }
      }
    };

    const until = performance.now() + LONGEST_WAIT_MS;
    for (let poll = FIRST_POLL_MS; performance.now() < until; poll = Math.min(LONGEST_POLL_MS, poll * 1.5)) {
      const known = read(await findCredential(db, key));
      if (known !== null && accept(known)) return known;
      const held = await holdCredential(db, { ...key, holder, leaseMs });
      if (held !== null) {
        // Somebody may have stored one between the two statements.
        const newer = read(held);
        if (newer !== null && accept(newer)) {
          await releaseCredential(db, { ...key, holder });
          return newer;
        }
        const fresh = await replace(held);
        if (fresh !== null) return fresh;
      } else if ((await findCredential(db, key)) === null)
        throw new SluiceError('NOT_FOUND', { detail: 'the connection does not exist any more' });
      await delay(poll * (0.5 + Math.random() / 2));
    }
    throw new SluiceError('SOURCE_TIMEOUT', {
      detail: `another worker has been renewing the credential for ${LONGEST_WAIT_MS / 1_000} s`,
    });
  };
}
