import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { FLOW_WORKFLOW } from '../../libs/contracts/flow-workflow.js';
import type { Stack } from '../../libs/stack/index.js';

export interface InboxCounts {
  events: number;
  deliveries: number;
  pending: number;
}

/** The inbox and the flows' workflows, for who only counts. */
export class InboxLooker {
  private readonly pool: pg.Pool;

  constructor(private readonly stack: Stack) {
    this.pool = new pg.Pool({ connectionString: stack.databaseUrl, max: 2 });
  }

  /** Of the events whose ids begin so. */
  async counts(prefix: string): Promise<InboxCounts> {
    const { rows } = await this.pool.query<InboxCounts>(
      `SELECT count(DISTINCT e.id)::int AS events, count(d.id)::int AS deliveries,
         (count(d.id) FILTER (WHERE d.state = 'pending'))::int AS pending
       FROM control.event e LEFT JOIN control.delivery d ON d.event_id = e.id WHERE starts_with(e.dedupe_key, $1)`,
      [prefix],
    );
    return rows[0] ?? { events: 0, deliveries: 0, pending: 0 };
  }

  /** Executions of flows so far. */
  async executions(): Promise<number> {
    const connection = await Connection.connect({ address: this.stack.temporalAddress });
    try {
      return (await new Client({ connection }).workflow.count(`WorkflowType = '${FLOW_WORKFLOW}'`)).count;
    } finally {
      await connection.close();
    }
  }

  async subscribe(connectionId: string, flowId: string): Promise<void> {
    await this.pool.query(
      `INSERT INTO control.subscription (workspace_id, connection_id, event_type, flow_id, flow_version)
       SELECT workspace_id, id, 'sale.placed', $2, 1 FROM control.connection WHERE id = $1`,
      [connectionId, flowId],
    );
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}
