import { z } from 'zod';
import { SIGNATURES } from './signatures.js';
import type { Entry } from './book.js';

/** Where the shop sends which events. */
const webhookSchema = z.strictObject({
  url: z.url(),
  types: z.array(z.string().min(1)).min(1),
  scheme: z.enum(Object.keys(SIGNATURES) as [keyof typeof SIGNATURES]).default('standard'),
  secret: z.string().min(1),
  /** How often each event is sent, answered or not: providers do so. */
  copies: z.int().min(1).max(10).default(1),
  /** Milliseconds before the second attempt; doubled for each further one, up to a minute. */
  retryMs: z.int().min(1).max(60_000).default(500),
});
export const webhooksSchema = z.array(webhookSchema).max(100);
export type Webhook = z.output<typeof webhookSchema>;

interface Counts {
  /** Events answered 2xx, attempts that were not, events given up. */
  delivered: number;
  refused: number;
  given_up: number;
}

const MOST_ATTEMPTS = 12;
/** A receiver has so long to answer. */
const ANSWER_WITHIN_MS = 10_000;

/** Sends what happens to whoever asked for it, again until it is answered 2xx. */
export class EventSender {
  private hooks: readonly { readonly webhook: Webhook; readonly counts: Counts }[] = [];
  private readonly waiting = new Set<NodeJS.Timeout>();
  private sent = 0;

  replace(webhooks: readonly Webhook[]): void {
    for (const timer of this.waiting) clearTimeout(timer);
    this.waiting.clear();
    this.hooks = webhooks.map((webhook) => ({ webhook, counts: { delivered: 0, refused: 0, given_up: 0 } }));
  }

  /** Without the secrets. */
  list(): object[] {
    return this.hooks.map(({ webhook: { url, types, scheme }, counts }) => ({ url, types, scheme, ...counts }));
  }

  happened(type: string, entry: Entry): void {
    const id = `evt_${++this.sent}_${entry.id}`;
    const body = JSON.stringify({ id, type, created_at: entry.updated_at, data: entry });
    for (const hook of this.hooks.filter(({ webhook }) => webhook.types.includes(type)))
      for (let copy = 0; copy < hook.webhook.copies; copy++) void this.send(hook, { id, type, body }, 1);
  }

  private async send(
    hook: (typeof this.hooks)[number],
    event: { readonly id: string; readonly type: string; readonly body: string },
    attempt: number,
  ): Promise<void> {
    const { webhook, counts } = hook;
    const signature = SIGNATURES[webhook.scheme]({ ...event, secret: webhook.secret, seconds: Math.floor(Date.now() / 1000) });
    const taken = await fetch(webhook.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...signature },
      body: event.body,
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    }).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.ok;
      },
      () => false,
    );
    if (!this.hooks.includes(hook)) return;
    if (taken) counts.delivered += 1;
    else counts.refused += 1;
    if (taken) return;
    if (attempt === MOST_ATTEMPTS) return void (counts.given_up += 1);
    const timer = setTimeout(
      () => {
        this.waiting.delete(timer);
        void this.send(hook, event, attempt + 1);
      },
      Math.min(60_000, webhook.retryMs * 2 ** (attempt - 1)),
    );
    this.waiting.add(timer.unref());
  }
}
