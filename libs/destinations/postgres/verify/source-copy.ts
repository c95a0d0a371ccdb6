import { fittingChildren } from '../children/fit-records.js';
import type { ChildTable } from '../../../typing/index.js';
import type { StreamTarget } from '../../../contracts/stream-ref.js';
import type { StateKey } from '../../../contracts/stream-states.port.js';
import type { RecordPage } from '../../../contracts/source.port.js';
import type { StreamRef } from '../../../contracts/destination.port.js';
import type { Finding, FindingCounts, FindingKind, SourceCopy } from '../../../contracts/verifier.port.js';
import { SluiceError } from '../../../errors/index.js';
import { ContractWatch, namesOf, type Column } from '../../../typing/index.js';
import type { Contract } from '../../../contracts/schema-contract.js';
import { frameEncoder, type FrameEncoder } from '../copy-frame.js';
import { CopyIn } from '../copy-in.js';
import { compileEncoder, type Reject } from '../encoder.js';
import { mergingOf } from '../merging.js';
import { readLayout } from '../layout.js';
import { ident } from '../quote.js';
import type { Session, SessionTimeouts } from '../session.js';
import type { SessionPool } from '../session-pool.js';
import { dropSliceStage, openStage, orderColumn, STAGE } from '../stage.js';
import { raiseEpoch, readStream, type StreamRow } from '../stream-row.js';
import { compareStatements, FOUND, keysOf, relationOf, type CompareTarget } from './compare-sql.js';
import { keyObject } from './key-object.js';
import { nextChunk, repairTable } from './repair-table.js';

const WHAT = 'comparing with the source';
/** Held in memory at a time. */
const FINDINGS_PER_READ = 1_000;

/** See Verifier.copy: the stage of a session that belongs to the copy until it is closed. */
export async function openSourceCopy(
  pool: SessionPool,
  timeouts: SessionTimeouts,
  { key, target }: { key: StateKey; target: StreamTarget },
): Promise<SourceCopy> {
  const session = await pool.takeWriter();
  try {
    const row = await readStream(session, key, { lock: false });
    if (!row || row.schemaVersion === 0)
      throw new SluiceError('INTERNAL', { detail: `the stream ${key.stream} was never loaded` });
    const { columns, children } = await readLayout(session, row);
    const compared = { target, columns };
    await openStage(session, { relation: relationOf(compared), columns, keeps: 'slice', schemaVersion: row.schemaVersion });
    return new PostgresSourceCopy(session, {
      ...{ row, children, compared, timeouts },
      release: () => pool.give(session),
    });
  } catch (error) {
    await pool.give(session);
    throw error;
  }
}

interface CopyOptions {
  row: StreamRow;
  children: readonly ChildTable[];
  compared: CompareTarget;
  timeouts: SessionTimeouts;
  release: () => Promise<void>;
}

class PostgresSourceCopy implements SourceCopy {
  records = 0;
  private readonly encode: FrameEncoder;
  private readonly statement: string;
  private readonly rejects: Reject[] = [];
  private rejected = 0;
  private repairing: { ref: StreamRef; seq: number } | undefined;

  constructor(
    private readonly session: Session,
    private readonly options: CopyOptions,
  ) {
    const { columns, target } = options.compared;
    // As a run would load it, but that here no table grows: what it would grow for is not compared.
    const { typeConflicts } = target.contract ?? {};
    const contract: Contract = { typeConflicts: typeConflicts === 'discard_value' ? 'discard_value' : 'quarantine' };
    const merging = mergingOf(target, { relation: relationOf(options.compared), columns, seen: null });
    const { primaryKey, cursorField } = namesOf(columns, target);
    const fixed = merging === null ? [] : [...primaryKey, ...(cursorField === null ? [] : [cursorField])];
    const watch = new ContractWatch({ columns, contract, fixed, closed: true, nested: target.nested });
    const encode = frameEncoder(compileEncoder({ columns, watch, numbered: true, ...merging?.needs }));
    const { children } = options;
    this.encode =
      children.length === 0
        ? encode
        : fittingChildren(encode, { children, contract: { ...contract, newFields: 'discard_value' }, watch }).encode;
    const list = [...columns.map(({ name }: Column) => ident(name)), ident(orderColumn(columns))].join(', ');
    this.statement = `COPY ${STAGE} (${list}) FROM STDIN`;
  }

  async write(page: RecordPage): Promise<void> {
    const frame = this.encode(page.records, this.rejects, this.records);
    this.records += page.records.length;
    this.rejected += this.rejects.splice(0).length;
    if (frame === null) return;
    const columns = this.options.compared.columns.map(({ name }) => name);
    const copy = CopyIn.begin(this.session.client, this.statement);
    try {
      await this.session.bounded(async () => {
        await copy.write(frame, { lines: true });
        await copy.end();
      });
    } catch (error) {
      throw this.session.failed(WHAT, error, columns);
    }
  }

  async forgetAfter(records: number): Promise<void> {
    const order = ident(orderColumn(this.options.compared.columns));
    await this.session.query(WHAT, `DELETE FROM ${STAGE} WHERE ${order} >= $1`, [records]);
    this.records = records;
  }

  async compare({
    repairing,
  }: {
    repairing: StreamRef | null;
  }): Promise<{ rows: number; counts: FindingCounts; notes: readonly string[] }> {
    const { session } = this;
    const { compared, timeouts } = this.options;
    const work = async (): Promise<number> => {
      await session.query(WHAT, 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      if (repairing !== null)
        this.repairing = {
          ref: repairing,
          seq: await nextChunk(session, { streamId: this.options.row.id, runId: repairing.runId }),
        };
      for (const statement of compareStatements(compared)) await session.query(WHAT, statement);
      const [found] = await session.query<{ rows: string }>(WHAT, `SELECT count(*) AS rows FROM ${relationOf(compared)}`);
      return Number(found?.rows ?? 0);
    };
    if (repairing !== null) await raiseEpoch(session, repairing);
    const rows = await session.transaction(WHAT, work, { statementMs: timeouts.publishMs });
    const kinds = await session.query<{ kind: FindingKind; n: number }>(
      WHAT,
      `SELECT "sluice kind" AS kind, count(*)::float8 AS n FROM ${FOUND} GROUP BY 1`,
    );
    const notes = this.rejected === 0 ? [] : [`${this.rejected} records cannot be loaded and were not compared`];
    return { rows, counts: Object.fromEntries(kinds.map(({ kind, n }) => [kind, n])), notes };
  }

  async repair(): Promise<number> {
    if (this.repairing === undefined) throw new Error('the copy was not compared for a repair');
    return repairTable(this.session, { ...this.options, ...this.repairing });
  }

  async *findings(): AsyncGenerator<readonly Finding[]> {
    const keys = keysOf(this.options.compared);
    for (let offset = 0; ; offset += FINDINGS_PER_READ) {
      const rows = await this.session.query<Finding & Record<string, unknown>>(
        WHAT,
        `SELECT "sluice kind" AS kind, ${keys.length === 0 ? 'NULL::jsonb' : keyObject(keys, 'f')} AS key,
           coalesce("sluice columns", '{}') AS columns, "sluice outcome" AS outcome,
           coalesce("sluice detail", CASE WHEN "sluice newer" THEN 'the row is newer by its cursor' END) AS detail
         FROM ${FOUND} f ORDER BY ctid LIMIT ${FINDINGS_PER_READ} OFFSET ${offset}`,
      );
      if (rows.length > 0) yield rows;
      if (rows.length < FINDINGS_PER_READ) return;
    }
  }

  async close(): Promise<void> {
    const drop = `DROP TABLE IF EXISTS ${FOUND}, pg_temp.sluice_rows`;
    if (!this.session.broken)
      await this.session.query('leaving a copy', drop).catch(() => {
        this.session.broken = true;
      });
    await dropSliceStage(this.session);
    await this.options.release();
  }
}
