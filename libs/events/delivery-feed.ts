import type { Client } from 'pg';
import { listen, type Pool } from '../store/index.js';

/** PostgreSQL notifies on it when there are deliveries to start. */
export const DELIVERIES_CHANNEL = 'sluice_deliveries';

const ANSWER_MS = 2_000;

/** Listens for deliveries. `check` is called now and then, never twice at once: it opens what is not open, and finds out whether what is open still lives. */
export class DeliveryFeed {
  private client: Client | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly onDelivery: () => void,
  ) {}

  /** Throws what the database throws; the next check opens another connection. */
  async check(): Promise<void> {
    try {
      if (this.client === undefined) this.client = await this.open();
      else await this.client.query('SELECT');
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    await client?.end().catch(() => undefined);
  }

  private open(): Promise<Client> {
    return listen(this.pool, {
      channel: DELIVERIES_CHANNEL,
      name: 'sluice delivery listener',
      answerMs: ANSWER_MS,
      onNotification: this.onDelivery,
      onLost: (client) => {
        if (this.client === client) this.client = undefined;
      },
    });
  }
}
