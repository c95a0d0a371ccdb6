import { z } from 'zod';
import type { Stack } from '../../../libs/stack/index.js';
import { Looker } from '../looker.js';

/** What the store has of the events whose ids begin with a text. */
export interface Found {
  events: number;
  deliveries: number;
  /** Deliveries whose flow has not ended. */
  open: number;
  failed: number;
  /** Deliveries that an event has beside its first. */
  twice: number;
}

const pageSchema = z.object({
  data: z.array(z.object({ reference: z.string() })),
  next_cursor: z.string().nullish(),
  has_more: z.boolean(),
});

/** Looks at the inbox, and at what flows did at the CRM, as somebody who only looks. */
export class Inbox {
  private readonly looker: Looker;

  constructor(private readonly stack: Stack) {
    this.looker = new Looker(stack.databaseUrl);
  }

  async found(prefix: string): Promise<Found> {
    const [row] = await this.looker.rows<Record<keyof Found, string>>(
      `SELECT count(DISTINCT e.dedupe_key) AS events, count(d.id) AS deliveries,
         count(d.id) FILTER (WHERE d.state IN ('pending', 'started')) AS open, count(d.id) FILTER (WHERE d.state = 'failed') AS failed,
         count(d.id) - count(DISTINCT d.event_id) AS twice
       FROM control.event e LEFT JOIN control.delivery d ON d.event_id = e.id WHERE starts_with(e.dedupe_key, $1)`,
      [prefix],
    );
    return {
      ...{ events: Number(row?.events), deliveries: Number(row?.deliveries), open: Number(row?.open) },
      ...{ failed: Number(row?.failed), twice: Number(row?.twice) },
    };
  }

  /** How many purchases the CRM has, by reference, of those that begin so. */
  async purchases(prefix: string): Promise<Map<string, number>> {
    const { shopUrl, shopApiKey } = this.stack;
    const counts = new Map<string, number>();
    for (let query = '?limit=500'; ;) {
      const answer = await fetch(`${shopUrl}/crm/purchases${query}`, { headers: { authorization: `Bearer ${shopApiKey}` } });
      const page = pageSchema.parse(await answer.json());
      for (const { reference } of page.data)
        if (reference.startsWith(prefix)) counts.set(reference, (counts.get(reference) ?? 0) + 1);
      if (!page.has_more) return counts;
      query = `?limit=500&cursor=${encodeURIComponent(page.next_cursor ?? '')}`;
    }
  }

  close(): Promise<void> {
    return this.looker.close();
  }
}
