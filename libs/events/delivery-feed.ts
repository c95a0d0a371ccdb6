import pg from 'pg';
import type { Pool } from '../store/index.js';

/** PostgreSQL notifies on it when there are deliveries to start. */
export const DELIVERIES_CHANNEL = 'sluice_deliveries';

/** A listener that does not answer by then is dead, whatever its socket says. */
const ANSWER_MS = 2_000;

/** Listens on one connection of its own. `check` is called now and then: it opens what is not open, and finds out whether what is open still lives. */
export class DeliveryFeed {
  private client: pg.Client | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly onDelivery: () => void,
  ) {}

  /** Throws what the database throws; the next check opens another connection. */
  async check(): Promise<void> {
    try {
      if (this.client === undefined) await this.open();
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

  private async open(): Promise<void> {
    const client = new pg.Client({
      ...this.pool.options,
      // The pool keeps it out of a spread.
      password: this.pool.options.password,
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
      application_name: 'sluice delivery listener',
    });
    client.on('error', () => {
      if (this.client === client) this.client = undefined;
    });
    client.on('notification', this.onDelivery);
    this.client = client;
    await client.connect();
    await client.query(`LISTEN ${DELIVERIES_CHANNEL}`);
  }
}
