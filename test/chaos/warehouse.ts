import { Looker } from './looker.js';

/** One server process that a writer of a run has at the destination. */
export interface WriterSession {
  pid: number;
  state: string;
  query: string;
  wait_event_type: string | null;
  wait_event: string | null;
}

/** Which attempt committed a chunk. */
export interface LedgerLine {
  slice_id: string;
  seq: number;
  fence: number;
}

/** The destination as seen from outside: its tables, Sluice's ledger, its sessions. */
export class Warehouse {
  private readonly looker: Looker;

  constructor(
    url: string,
    private readonly schema: string,
  ) {
    this.looker = new Looker(url);
  }

  /** Chunks that the run has committed. */
  chunks(runId: string): Promise<number> {
    return this.looker.number('SELECT count(*) AS n FROM sluice.chunk WHERE run_id = $1', [runId]);
  }

  /** The ledger of a run, in the order of commits within a slice. */
  ledger(runId: string): Promise<LedgerLine[]> {
    return this.looker.rows(
      'SELECT slice_id, seq, fence::integer AS fence FROM sluice.chunk WHERE run_id = $1 ORDER BY slice_id, seq',
      [runId],
    );
  }

  /** Rows of the table and how many of them have revision 1, seen in one statement: `rows/revised`. */
  async versionOf(table: string): Promise<string> {
    const [seen] = await this.looker.rows<{ rows: string; revised: string }>(
      `SELECT count(*) AS rows, count(*) FILTER (WHERE revision = 1) AS revised FROM "${this.schema}"."${table}"`,
    );
    return seen === undefined ? 'no table' : `${seen.rows}/${seen.revised}`;
  }

  /** Rows of the table, and distinct values of one of its columns. */
  async keys(table: string, column: string): Promise<{ rows: number; distinct: number }> {
    const [seen] = await this.looker.rows<{ rows: string; distinct: string }>(
      `SELECT count(*) AS rows, count(DISTINCT "${column}") AS distinct FROM "${this.schema}"."${table}"`,
    );
    return { rows: Number(seen?.rows ?? 0), distinct: Number(seen?.distinct ?? 0) };
  }

  /** The server processes that the run's writers hold now. */
  writers(runId: string): Promise<WriterSession[]> {
    return this.looker.rows(
      `SELECT a.pid, a.state, a.query, a.wait_event_type, a.wait_event
       FROM sluice.checkpoint c
       CROSS JOIN LATERAL jsonb_to_recordset(c.backends) AS b(pid integer, started text)
       JOIN pg_stat_activity a ON a.pid = b.pid AND a.backend_start = b.started::timestamptz
       WHERE c.run_id = $1 AND NOT c.done`,
      [runId],
    );
  }

  /** Holds the sync's streams as a slow finish would: every commit of its chunks waits. @returns how to let go */
  async holdStreams(syncId: string): Promise<() => Promise<void>> {
    const session = await this.looker.session();
    await session.query('BEGIN');
    await session.query('SELECT FROM sluice.stream WHERE sync_id = $1 FOR UPDATE', [syncId]);
    return async () => {
      await session.query('ROLLBACK');
      session.release();
    };
  }

  close(): Promise<void> {
    return this.looker.close();
  }
}
