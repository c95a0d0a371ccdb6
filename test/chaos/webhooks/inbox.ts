import { Client, Connection } from '@temporalio/client';
import { FLOW_WORKFLOW } from '../../../libs/contracts/flow-workflow.js';
import type { Stack } from '../../../libs/stack/index.js';
import { Looker } from '../looker.js';

/** What the store and Temporal have of the events whose ids begin with a text. */
export interface Found {
  events: number;
  deliveries: number;
  pending: number;
  /** Events that have more than one delivery. */
  twice: number;
}

/** Looks at the inbox as somebody who only looks. */
export class Inbox {
  private readonly looker: Looker;

  constructor(private readonly stack: Stack) {
    this.looker = new Looker(stack.databaseUrl);
  }

  async found(prefix: string): Promise<Found> {
    const [row] = await this.looker.rows<Record<keyof Found, string>>(
      `SELECT count(DISTINCT e.dedupe_key) AS events, count(d.id) AS deliveries, count(d.id) FILTER (WHERE d.state = 'pending') AS pending,
         count(d.id) - count(DISTINCT d.event_id) AS twice
       FROM control.event e LEFT JOIN control.delivery d ON d.event_id = e.id WHERE starts_with(e.dedupe_key, $1)`,
      [prefix],
    );
    return {
      events: Number(row?.events),
      deliveries: Number(row?.deliveries),
      pending: Number(row?.pending),
      twice: Number(row?.twice),
    };
  }

  /** Workflows of flows in Temporal, every execution of them. */
  async executions(): Promise<number> {
    const connection = await Connection.connect({ address: this.stack.temporalAddress });
    try {
      const client = new Client({ connection });
      return (await client.workflow.count(`WorkflowType = '${FLOW_WORKFLOW}'`)).count;
    } finally {
      await connection.close();
    }
  }

  close(): Promise<void> {
    return this.looker.close();
  }
}
