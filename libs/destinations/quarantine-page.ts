import type { QuarantinedRecord } from '../contracts/quarantine.port.js';
import { parseJson } from '../json/index.js';

/** A page of records may be as large as they are: so much text at a time, and one record at least. */
export const MOST_QUARANTINE_BYTES = 8 * 1024 * 1024;

export interface QuarantineRow extends Omit<QuarantinedRecord, 'record'> {
  /** As text: the driver's JSON.parse would lose digits. null: one too many, only its presence counts. */
  record: string | null;
}

/** What is shown of rows that were read newest first. Pure. */
export function pageOfQuarantine(rows: readonly QuarantineRow[]): { records: readonly QuarantinedRecord[]; next: string | null } {
  const first = rows.findIndex(({ record }) => record === null);
  const shown = first === -1 ? rows : rows.slice(0, first);
  return {
    records: shown.map((row) => ({ ...row, record: parseJson(row.record ?? 'null') })),
    next: first === -1 ? null : (shown.at(-1)?.id ?? null),
  };
}
