import type { ItemRecord } from './item-record.js';

/** One row as it should be; `deleted` is the mark. */
export interface Row {
  id: number;
  name: string;
  updated_at: string;
  deleted: boolean;
}

/** incremental_upsert with tombstones as it is meant. */
export class UpsertModel {
  readonly rows = new Map<number, Row>();

  constructor(private readonly as: 'soft' | 'hard') {}

  load(records: readonly ItemRecord[]): void {
    if (this.as === 'soft') for (const record of records) this.take(record);
    else
      for (const id of new Set(records.map((record) => record.id))) this.take(winner(records.filter((each) => each.id === id)));
  }

  private take({ id, name, updated_at, deleted }: ItemRecord): void {
    const row = this.rows.get(id);
    if (row !== undefined && updated_at < row.updated_at) return;
    if (!deleted) this.rows.set(id, { id, name, updated_at, deleted: false });
    else if (this.as === 'hard') this.rows.delete(id);
    else this.rows.set(id, { id, name: row?.name ?? name, updated_at, deleted: true });
  }
}

/** Of one key's records in a chunk, which is all that a deleted row leaves of the order: the newest, then the one read last. */
function winner(records: readonly ItemRecord[]): ItemRecord {
  return records.reduce((best, each) => (each.updated_at >= best.updated_at ? each : best));
}
