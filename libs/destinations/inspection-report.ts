import type { StreamTarget } from '../contracts/stream-ref.js';
import type { Finding, FindingCounts, FindingKind, Inspection } from '../contracts/verifier.port.js';
import { evolve, managedColumns, marksDeleted, type Column, type ExistingColumn } from '../typing/index.js';

export const ONE_ROW_A_KEY: ReadonlySet<string> = new Set(['full_refresh_overwrite', 'incremental_upsert']);
/** A merge of these adds and removes rows as the ledger counts them: where deleted rows stay, marked, it counts the marks. */
const COUNTED_MODES: ReadonlySet<string> = new Set([...ONE_ROW_A_KEY, 'full_refresh_append', 'incremental_append']);

/** What a look at a table found, as it is collected. */
export class InspectionReport {
  readonly counts: FindingCounts = {};
  readonly findings: Finding[] = [];

  add(kind: FindingKind, detail: string): void {
    this.addRow({ kind, key: null, columns: [], detail, outcome: null });
    this.count(kind, 1);
  }
  addRow(finding: Finding): void {
    this.findings.push(finding);
  }
  count(kind: FindingKind, n: number): void {
    if (n > 0) this.counts[kind] = (this.counts[kind] ?? 0) + n;
  }
  has(kind: FindingKind): boolean {
    return this.counts[kind] !== undefined;
  }

  /** Whether there is a table to go on with. `found`: its columns; null: it is not there. */
  compareLayout(
    name: string,
    found: readonly ExistingColumn[] | null,
    { columns, target }: { columns: readonly Column[]; target: StreamTarget },
  ): boolean {
    const step = evolve(found, [...columns, ...managedColumns(columns, target)], { known: columns });
    if (step.kind === 'create') this.add('layout', `the table ${name} is gone`);
    if (step.kind === 'conflict') this.add('layout', step.problems.join('; '));
    if (step.kind === 'change') {
      const lacking = step.add.map((column) => column.name);
      const narrow = step.widenings.map(({ column, from }) => `${column.name} is ${from} instead of ${column.type}`);
      if (lacking.length > 0) this.add('layout', `the table ${name} lacks ${lacking.join(', ')}`);
      if (narrow.length > 0) this.add('layout', `in the table ${name} ${narrow.join(', ')}`);
    }
    return step.kind !== 'create';
  }

  compareRows(target: StreamTarget, { rows, ledger }: { rows: number; ledger: number }): void {
    if (COUNTED_MODES.has(target.mode) && !marksDeleted(target) && rows !== ledger)
      this.add('row_count', `the table has ${rows} rows; by the ledger it was given ${ledger}`);
  }

  /** Of a child table, against the lists of its parents. */
  compareChildren(name: string, { missing, extra, differing }: { missing: number; extra: number; differing: number }): void {
    if (missing + extra + differing === 0) return;
    this.add(
      'children',
      `the table ${name} has not what the lists say: ${missing} rows are missing, ${extra} too many, ${differing} differ`,
    );
  }

  result(rows: number): Inspection {
    return { rows, counts: this.counts, findings: this.findings };
  }
}
