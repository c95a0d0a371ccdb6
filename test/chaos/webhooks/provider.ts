import { SIGNATURES } from '../../../apps/demo-shop/services/signatures.js';
import type { Random } from '../random.js';
import { pause } from '../wait.js';

/** Where a provider sends. */
export interface Target {
  url: string;
  secret: string;
}

/** What became of what a provider has sent. */
export interface Account {
  /** Events that were answered 2xx at least once, by the provider's id. */
  acknowledged: ReadonlySet<string>;
  /** Requests that were answered otherwise, or not at all: they were sent again. */
  refused: number;
  /** Answers that no provider may get, whatever is being killed. */
  strange: string[];
}

const AT_ONCE = 32;
/** Each event comes at least once, and this part of them again and again. */
const MOST_COPIES = 3;
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 2_000;
const ANSWER_WITHIN_MS = 10_000;
/** A provider gives up after days; here the suite ends before. */
const GIVES_UP_MS = 300_000;

/** Sends events as providers do: some several times, in any order, and each again until it is answered 2xx. */
export async function sendAll(ids: readonly string[], target: Target, random: Random): Promise<Account> {
  const copies = ids.flatMap((id) => Array<string>(Math.floor(random.between(1, MOST_COPIES + 1))).fill(id));
  const waiting = shuffled(copies, random);
  const acknowledged = new Set<string>();
  const account = { acknowledged, refused: 0, strange: [] as string[] };
  const deadline = performance.now() + GIVES_UP_MS;
  const lane = async (): Promise<void> => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop())
      for (let wait = FIRST_RETRY_MS; performance.now() < deadline; wait = Math.min(LAST_RETRY_MS, wait * 2)) {
        const status = await send(id, target);
        if (status !== null && status < 300) {
          acknowledged.add(id);
          break;
        }
        account.refused += 1;
        if (status !== null && status < 500) account.strange.push(`${id} was answered ${status}`);
        await pause(wait);
      }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return account;
}

/** The status, or null where there was no answer. */
async function send(id: string, { url, secret }: Target): Promise<number | null> {
  const type = 'sale.placed';
  const data = { id, customer_email: `${id}@example.com`, total: 12.5 };
  const body = JSON.stringify({ id, type, created_at: '2026-01-02T03:04:05Z', data });
  const seconds = Math.floor(Date.now() / 1_000);
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...SIGNATURES.standard({ secret, id, type, body, seconds }) },
      body,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return null;
  }
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const all = [...list];
  for (let last = all.length - 1; last > 0; last--) {
    const other = Math.floor(random.between(0, last + 1));
    [all[last], all[other]] = [all[other] as T, all[last] as T];
  }
  return all;
}
