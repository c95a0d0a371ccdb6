import type { Quarantine, QuarantinedRecord, QuarantineRequest } from '../../contracts/quarantine.port.js';
import { MOST_QUARANTINE_BYTES, pageOfQuarantine, type QuarantineRow } from '../quarantine-page.js';
import type { Session } from './session.js';

/** See Quarantine. `withSession`: takes a session of the file. */
export const duckdbQuarantine = (withSession: <T>(work: (session: Session) => Promise<T>) => Promise<T>): Quarantine => ({
  read: (request) => withSession((session) => readQuarantine(session, request)),
});

async function readQuarantine(
  session: Session,
  { installation, syncIds, before, limit, stream, runId, reason, field, since, until }: QuarantineRequest,
): Promise<{ records: readonly QuarantinedRecord[]; next: string | null }> {
  if (syncIds.length === 0) return { records: [], next: null };
  const values: (string | null)[] = [];
  const given = (value: string): string => `$${values.push(value)}`;
  const conditions = [
    `s.installation = ${given(installation)}`,
    `s.sync_id IN (${syncIds.map(given).join(', ')})`,
    ...Object.entries({ 's.stream': stream, 'q.run_id': runId, 'q.reason': reason, 'q.field': field }).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name} = ${given(value)}`],
    ),
    ...(since === undefined ? [] : [`q."at" >= ${given(since.toISOString())}::TIMESTAMPTZ`]),
    ...(until === undefined ? [] : [`q."at" < ${given(until.toISOString())}::TIMESTAMPTZ`]),
    ...(before === null ? [] : [`q.id < ${given(before)}::BIGINT`]),
  ];
  const rows = await session.query<Omit<QuarantineRow, 'at'> & { at: number }>(
    'reading the quarantine',
    `WITH page AS (
       SELECT q.*, s.sync_id, s.stream, s.lane FROM sluice.quarantine q JOIN sluice.stream s ON s.id = q.stream_id
       WHERE ${conditions.join(' AND ')} ORDER BY q.id DESC LIMIT ${limit + 1}),
     measured AS (
       SELECT *, row_number() OVER w AS n, sum(strlen(record)) OVER w AS bytes FROM page WINDOW w AS (ORDER BY id DESC))
     SELECT id, sync_id AS "syncId", stream, lane, run_id AS "runId", reason, field, epoch_ms("at")::DOUBLE AS "at",
       CASE WHEN n <= ${limit} AND (n = 1 OR bytes <= ${MOST_QUARANTINE_BYTES}) THEN record END AS record
     FROM measured ORDER BY measured.id DESC`,
    values,
  );
  return pageOfQuarantine(rows.map((row) => ({ ...row, at: new Date(row.at) })));
}
