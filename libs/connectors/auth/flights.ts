import type { JsonObject } from '../../contracts/json.js';
import type { CredentialRequest, CredentialVault } from '../../contracts/credential-vault.port.js';

/** A renewal that hangs must end before those who wait for it give up. */
const RENEWAL_DEADLINE_MS = 90_000;

/** Finds or renews under the store's own lock. Not ended by `signal`; what it returns is stored. */
export type Exchange = (
  request: Pick<CredentialRequest, 'name' | 'inputs' | 'accept'> & { renew: (current: JsonObject | null) => Promise<JsonObject> },
) => Promise<JsonObject>;

/**
 * A vault whose readers in this process share one exchange at a time, and remember its result. `flights` may be shared by several vaults;
 * `scope` tells their connections apart.
 */
export function createVault(
  exchange: Exchange,
  {
    flights = new Map<string, Promise<JsonObject>>(),
    scope = '',
  }: { flights?: Map<string, Promise<JsonObject>>; scope?: string } = {},
): CredentialVault {
  const remembered = new Map<string, JsonObject>();
  const own = new Set<Promise<JsonObject>>();

  const depart = (key: string, request: CredentialRequest): Promise<JsonObject> => {
    const { name, inputs, accept } = request;
    const renew = (current: JsonObject | null): Promise<JsonObject> =>
      request.renew(current, AbortSignal.timeout(RENEWAL_DEADLINE_MS));
    const flight = exchange({ name, inputs, accept, renew }).finally(() => {
      flights.delete(key);
      own.delete(flight);
    });
    flights.set(key, flight);
    own.add(flight);
    return flight;
  };

  return {
    async obtain(request) {
      const key = `${scope} ${request.name} ${request.inputs}`;
      for (;;) {
        request.signal.throwIfAborted();
        const known = remembered.get(key);
        if (known !== undefined && request.accept(known)) return known;
        const under = flights.get(key);
        const credential = await raced(under ?? depart(key, request), request.signal);
        remembered.set(key, credential);
        // A renewal of one's own is used as it is: a token that is born expired is no reason to ask for ever.
        if (under === undefined) return credential;
      }
    },
    async settled() {
      await Promise.allSettled([...own]);
    },
  };
}

/** `promise`, or the signal's reason once it aborts; the promise then goes on by itself. */
async function raced<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let leave = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the port says: the signal's own reason
    leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
  });
  // Whoever lost the race must not count as unhandled.
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
