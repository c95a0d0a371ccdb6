import { Pool } from 'undici';
import { SIGNATURES } from '../../apps/demo-shop/services/signatures.js';

export interface HookTarget {
  /** Of the API. */
  origin: string;
  path: string;
  secret: string;
}

export interface Load {
  /** Milliseconds from when a request was due to the end of its answer; of those that were acknowledged. */
  latencies: number[];
  /** Ids that were acknowledged. */
  acknowledged: number;
  /** Requests that were answered otherwise, or not at all. */
  refused: number;
  seconds: number;
}

/** More than a provider keeps open; requests that are due do not wait for each other. */
const CONNECTIONS = 64;

/**
 * Sends webhooks at a steady rate, whatever becomes of them: a request that is due is sent, and its time counts from when it was due, so that a slow answer
 * cannot hide the next ones. `at(share)` is called once for each share of the time that has passed.
 */
export async function sendWebhooks(request: {
  target: HookTarget;
  /** Part of every event's id. */
  prefix: string;
  rate: number;
  seconds: number;
  marks?: readonly { share: number; act: () => void }[];
}): Promise<Load> {
  const { target, prefix, rate, seconds, marks = [] } = request;
  const pool = new Pool(target.origin, { connections: CONNECTIONS, pipelining: 1 });
  const load: Load = { latencies: [], acknowledged: 0, refused: 0, seconds };
  const total = rate * seconds;
  const begun = performance.now();
  const dueOf = (index: number): number => begun + (index * 1_000) / rate;
  const under: Promise<void>[] = [];
  const left = [...marks];
  let next = 0;
  await new Promise<void>((done) => {
    const timer = setInterval(() => {
      const now = performance.now();
      for (; next < total && dueOf(next) <= now; next++) under.push(one(next));
      while (left[0] !== undefined && now - begun >= left[0].share * seconds * 1_000) left.shift()?.act();
      if (next < total) return;
      clearInterval(timer);
      done();
    }, 1);
  });
  await Promise.all(under);
  await pool.close();
  return load;

  async function one(index: number): Promise<void> {
    const status = await send(pool, target, `${prefix}${index}`);
    if (status === null || status >= 300) return void (load.refused += 1);
    load.acknowledged += 1;
    load.latencies.push(performance.now() - dueOf(index));
  }
}

async function send(pool: Pool, { path, secret }: HookTarget, id: string): Promise<number | null> {
  const type = 'sale.placed';
  const data = { id, customer_email: 'somebody@example.com', currency: 'EUR', total: 12.5, lines: [{ sku: 'a', quantity: 1 }] };
  const body = JSON.stringify({ id, type, created_at: '2026-01-02T03:04:05Z', data });
  const signature = SIGNATURES.standard({ secret, id, type, body, seconds: Math.floor(Date.now() / 1_000) });
  try {
    const answer = await pool.request({
      ...{ method: 'POST', path, body },
      headers: { 'content-type': 'application/json', ...signature },
    });
    await answer.body.dump();
    return answer.statusCode;
  } catch {
    return null;
  }
}
