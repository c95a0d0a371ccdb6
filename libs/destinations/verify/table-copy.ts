import type { StreamRef } from '../../contracts/destination.port.js';
import type { RecordPage } from '../../contracts/source.port.js';
import type { SourceRecord } from '../../contracts/stream.js';
import type { Finding, FindingCounts, FindingKind, SourceCopy } from '../../contracts/verifier.port.js';
import {
  compareStatements,
  foundTable,
  keysOf,
  relationOf,
  rowsTable,
  type CompareDialect,
  type Compared,
} from './compare-sql.js';
import { keepStatement, leftStatement, repairedKinds, repairedStatement } from './repair-sql.js';

const WHAT = 'comparing with the source';
const REPAIR = 'repairing a table';
/** Held in memory at a time. */
const FINDINGS_PER_READ = 1_000;

/** One session of a destination that keeps the source's records in a temporary table until it is closed. */
export interface CopySession {
  query<Row extends object>(what: string, sql: string): Promise<Row[]>;
  /** Adds records, numbered from `first`. Returns how many cannot be loaded. */
  add(records: readonly SourceRecord[], first: number): Promise<number>;
  /** Forgets the records from this number on. */
  forgetFrom(first: number): Promise<void>;
  /** Makes `ref` the only one who may write. Errors: STALE_RUN. */
  raiseEpoch(ref: StreamRef): Promise<void>;
  /** One transaction that sees the table and the ledger as of one moment, with the dialect's `copy` filled. */
  inSnapshot<T>(work: () => Promise<T>): Promise<T>;
  /**
   * The number of the ledger's row that a repair writes, as of the snapshot that was compared: what was repaired before it is seen there, and what is
   * repaired after it takes the same number.
   */
  nextChunk(ref: StreamRef): Promise<number>;
  /**
   * Merges what `copy` still holds as any chunk, with its row in the ledger and a new count of the table's rows, in one transaction; child tables become
   * what the lists of all rows say. false: there is nothing to do. Errors: STALE_RUN, DESTINATION_CONSTRAINT (the number is taken).
   */
  load(request: { ref: StreamRef; seq: number; lines: number }): Promise<boolean>;
  /** A key of the columns of `f` as a JSON object of texts. */
  keyObject(keys: readonly string[], alias: string): string;
  /** Frees it. */
  close(): Promise<void>;
}

/** See SourceCopy: what is found lies in a temporary table too, so that memory is flat. */
export class TableCopy implements SourceCopy {
  records = 0;
  private rejected = 0;
  private repairing: { ref: StreamRef; seq: number } | undefined;

  constructor(
    private readonly session: CopySession,
    private readonly dialect: CompareDialect,
    private readonly compared: Compared,
  ) {}

  async write(page: RecordPage): Promise<void> {
    this.rejected += await this.session.add(page.records, this.records);
    this.records += page.records.length;
  }

  async forgetAfter(records: number): Promise<void> {
    await this.session.forgetFrom(records);
    this.records = records;
  }

  async compare({
    repairing,
  }: {
    repairing: StreamRef | null;
  }): Promise<{ rows: number; counts: FindingCounts; notes: readonly string[] }> {
    const { session, dialect, compared } = this;
    if (repairing !== null) await session.raiseEpoch(repairing);
    const rows = await session.inSnapshot(async () => {
      if (repairing !== null) this.repairing = { ref: repairing, seq: await session.nextChunk(repairing) };
      for (const statement of compareStatements(dialect, compared)) await session.query(WHAT, statement);
      const [found] = await session.query<{ rows: number }>(
        WHAT,
        `SELECT CAST(count(*) AS float8) AS "rows" FROM ${relationOf(compared)}`,
      );
      return found?.rows ?? 0;
    });
    const kinds = await session.query<{ kind: FindingKind; n: number }>(
      WHAT,
      `SELECT "sluice kind" AS kind, CAST(count(*) AS float8) AS n FROM ${foundTable(dialect)} GROUP BY 1`,
    );
    const notes = this.rejected === 0 ? [] : [`${this.rejected} records cannot be loaded and were not compared`];
    return { rows, counts: Object.fromEntries(kinds.map(({ kind, n }) => [kind, n])), notes };
  }

  async repair(): Promise<number> {
    const { session, dialect, compared, repairing } = this;
    if (repairing === undefined) throw new Error('the copy was not compared for a repair');
    const kinds = repairedKinds(compared.target.mode);
    // Without a key there is nothing by which a record could be found again.
    if (kinds.length === 0 || keysOf(compared).length === 0) return this.leave(false);
    await session.query(REPAIR, keepStatement(dialect, compared, kinds));
    const [copied] = await session.query<{ lines: number }>(
      REPAIR,
      `SELECT CAST(count(*) AS float8) AS lines FROM ${dialect.copy}`,
    );
    if (!(await session.load({ ...repairing, lines: copied?.lines ?? 0 }))) return this.leave(false);
    await session.query(REPAIR, repairedStatement(dialect, compared, kinds));
    return this.leave(true);
  }

  async *findings(): AsyncGenerator<readonly Finding[]> {
    const { session, dialect } = this;
    const keys = keysOf(this.compared);
    const key = keys.length === 0 ? 'NULL' : session.keyObject(keys, 'f');
    for (let offset = 0; ; offset += FINDINGS_PER_READ) {
      const rows = await session.query<Finding>(
        WHAT,
        `SELECT "sluice kind" AS kind, ${key} AS key, coalesce("sluice columns", ${dialect.texts([])}) AS columns, "sluice outcome" AS outcome,
           coalesce("sluice detail", CASE WHEN "sluice newer" THEN 'the row is newer by its cursor' END) AS detail
         FROM ${foundTable(dialect)} f ORDER BY f.${dialect.rowId} LIMIT ${FINDINGS_PER_READ} OFFSET ${offset}`,
      );
      if (rows.length > 0) yield rows;
      if (rows.length < FINDINGS_PER_READ) return;
    }
  }

  async close(): Promise<void> {
    await this.session.close();
  }

  /** What was not repaired is left; `some`: something was. Returns how many are now what the source has. */
  private async leave(some: boolean): Promise<number> {
    const { session, dialect } = this;
    await session.query(REPAIR, leftStatement(dialect));
    if (!some) return 0;
    const [repaired] = await session.query<{ n: number }>(
      REPAIR,
      `SELECT CAST(count(*) AS float8) AS n FROM ${foundTable(dialect)} WHERE "sluice outcome" = 'repaired'`,
    );
    return repaired?.n ?? 0;
  }
}

/** What a comparison leaves in its session, for DROP TABLE IF EXISTS. */
export const comparisonTables = (dialect: CompareDialect): readonly string[] => [foundTable(dialect), rowsTable(dialect)];
