/** A record that was kept aside. */
export interface QuarantinedRecord {
  /** Grows with time, in one destination. */
  id: string;
  syncId: string;
  stream: string;
  lane: string;
  runId: string;
  /** A stable word: `type_conflict`, `null_key`, … */
  reason: string;
  /** Keys from the outside in, joined by dots; null: the record as a whole. */
  field: string | null;
  /** As it came, but for what mapping did; its numbers have every digit (libs/json). */
  record: unknown;
  at: Date;
}

export interface QuarantineRequest {
  installation: string;
  /** Of no other sync anything is shown. */
  syncIds: readonly string[];
  stream?: string | undefined;
  runId?: string | undefined;
  reason?: string | undefined;
  field?: string | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
  /** Only ids below; null: from the newest. */
  before: string | null;
  limit: number;
}

/** The records that lie aside at a destination, for whoever is to look at them. They are as sensitive as the table's: never logged. */
export interface Quarantine {
  /** Newest first, at most `limit`, fewer where they are large; `next`: the id to go on before, null: that was all. */
  read(request: QuarantineRequest): Promise<{ records: readonly QuarantinedRecord[]; next: string | null }>;
}
