import type { Quarantine, QuarantinedRecord, QuarantineRequest } from '../../contracts/quarantine.port.js';
import { MOST_QUARANTINE_BYTES, pageOfQuarantine, type QuarantineRow } from '../quarantine-page.js';
import type { Session } from './session.js';

/** See Quarantine. */
export const postgresQuarantine = (withSchema: <T>(work: (session: Session) => Promise<T>) => Promise<T>): Quarantine => ({
  read: (request) => withSchema((session) => readQuarantine(session, request)),
});

/** By the primary key, downwards. */
async function readQuarantine(
  session: Session,
  { installation, syncIds, limit, ...filters }: QuarantineRequest,
): Promise<{ records: readonly QuarantinedRecord[]; next: string | null }> {
  const rows = await session.query<QuarantineRow & Record<string, unknown>>(
    'reading the quarantine',
    `WITH page AS MATERIALIZED (
       SELECT q.*, s.sync_id, s.stream, s.lane FROM sluice.quarantine q JOIN sluice.stream s ON s.id = q.stream_id
       WHERE s.installation = $1 AND s.sync_id = ANY ($2::text[])
         AND ($3::text IS NULL OR s.stream = $3) AND ($4::text IS NULL OR q.run_id = $4)
         AND ($5::text IS NULL OR q.reason = $5) AND ($6::text IS NULL OR q.field = $6)
         AND ($7::timestamptz IS NULL OR q.at >= $7) AND ($8::timestamptz IS NULL OR q.at < $8)
         AND ($9::bigint IS NULL OR q.id < $9)
       ORDER BY q.id DESC LIMIT $10),
     measured AS (
       SELECT *, row_number() OVER w AS n, sum(octet_length(record::text)) OVER w AS bytes FROM page WINDOW w AS (ORDER BY id DESC))
     SELECT id::text, sync_id AS "syncId", stream, lane, run_id AS "runId", reason, field, at,
       CASE WHEN n < $10 AND (n = 1 OR bytes <= $11) THEN record::text END AS record
     FROM measured ORDER BY id DESC`,
    [
      ...[installation, syncIds, filters.stream, filters.runId, filters.reason, filters.field, filters.since, filters.until],
      ...[filters.before, limit + 1, MOST_QUARANTINE_BYTES],
    ].map((value) => value ?? null),
  );
  return pageOfQuarantine(rows);
}
