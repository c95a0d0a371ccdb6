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

  /** The transactions that the table's rows came in, oldest first, as texts of their numbers. */
  async transactions(table: string): Promise<string[]> {
    const rows = await this.looker.rows<{ xid: string }>(
      `SELECT DISTINCT xmin::text AS xid, xmin::text::bigint AS age FROM "${this.schema}"."${table}" ORDER BY age`,
    );
    return rows.map(({ xid }) => xid);
  }

  /** Makes a view of some of the table's rows, with the columns that records fill, as long as `work` takes. */
  async withView<T>(table: string, where: string, work: (view: string) => Promise<T>): Promise<T> {
    const view = `${table}_judged`;
    const columns = await this.looker.rows<{ name: string }>(
      `SELECT quote_ident(column_name) AS name FROM information_schema.columns
       WHERE table_schema = $1 AND table_name = $2 AND NOT starts_with(column_name, '_sluice_') ORDER BY ordinal_position`,
      [this.schema, table],
    );
    const list = columns.map(({ name }) => name).join(', ');
    await this.looker.rows(
      `CREATE VIEW "${this.schema}"."${view}" AS SELECT ${list} FROM "${this.schema}"."${table}" WHERE ${where}`,
    );
    try {
      return await work(view);
    } finally {
      await this.looker.rows(`DROP VIEW "${this.schema}"."${view}"`);
    }
  }

  /** Versions that have ended, and those of them that are not revision 0 of ids `from..to`, or that no other follows at once. */
  async endedVersions(table: string, { from, to }: { from: number; to: number }): Promise<{ ended: number; loose: number }> {
    const name = `"${this.schema}"."${table}"`;
    const [seen] = await this.looker.rows<{ ended: string; loose: string }>(
      `SELECT count(*) AS ended, count(*) FILTER (WHERE revision <> 0 OR id NOT BETWEEN $1 AND $2 OR NOT EXISTS (
         SELECT FROM ${name} n WHERE n.id = t.id AND n._sluice_valid_from = t._sluice_valid_to AND n._sluice_current)) AS loose
       FROM ${name} t WHERE NOT _sluice_current`,
      [from, to],
    );
    return { ended: Number(seen?.ended ?? 0), loose: Number(seen?.loose ?? 0) };
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
