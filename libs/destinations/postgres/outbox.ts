import type { Outbox, RecordChange } from '../../contracts/outbox.port.js';
import type { StreamTarget } from '../../contracts/destination.port.js';
import type { WriteMode } from '../../contracts/write-mode.js';
import { MANAGED, METADATA_COLUMNS } from '../../typing/index.js';
import { literal, qualified } from './quote.js';
import type { Session } from './session.js';

/** What reads the rows of a statement, see sluice.keep_changes. */
const OPERATIONS = { INSERT: 'NEW', UPDATE: 'NEW', DELETE: 'OLD' } as const;
const PREFIX = 'sluice_keep_';
/** Columns that are no record's. */
const OWN_COLUMNS = [...Object.values(MANAGED), ...Object.values(METADATA_COLUMNS).map(({ name }) => name)];
/** A page of changes may be as large as they are: so much text at a time, and one at least. */
const MOST_BYTES = 4 * 1024 * 1024;

type Target = Pick<StreamTarget, 'changes' | 'mode' | 'namespace' | 'table'>;

/** In these what a statement writes is what changed. */
const TELLING: readonly WriteMode[] = ['full_refresh_append', 'incremental_append', 'incremental_upsert'];
const tells = ({ changes = [], mode }: Target): boolean => changes.length > 0 && TELLING.includes(mode);

/** Makes the table tell of its changes, or tell of none any more, in the caller's transaction. A table that nobody hears of has no trigger, and pays nothing. */
export async function hearChanges(session: Session, target: Target): Promise<void> {
  const name = `${target.namespace}.${target.table}`;
  const what = `looking for what hears of ${name}`;
  const there = await session.query<{ name: string }>(
    what,
    `SELECT t.tgname AS name FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relname = $2 AND NOT t.tgisinternal AND t.tgname = ANY ($3::text[])`,
    [target.namespace, target.table, Object.keys(OPERATIONS).map(triggerName)],
  );
  const known = new Set(there.map((row) => row.name));
  const relation = qualified(target.namespace, target.table);
  for (const [operation, rows] of Object.entries(OPERATIONS)) {
    const trigger = triggerName(operation);
    if (tells(target) === known.has(trigger)) continue;
    const statement = tells(target)
      ? `CREATE TRIGGER ${trigger} AFTER ${operation} ON ${relation} REFERENCING ${rows} TABLE AS sluice_changed
         FOR EACH STATEMENT EXECUTE FUNCTION sluice.keep_changes(${literal(`{${OWN_COLUMNS.join(',')}}`)})`
      : `DROP TRIGGER ${trigger} ON ${relation}`;
    await session.query(`making ${name} tell of its changes`, statement);
  }
}

const triggerName = (operation: string): string => PREFIX + operation.toLowerCase();

/** What transactions say whose changes of the stream's table are to be told of. */
export const outboxSettings = (target: Target, { streamId, runId }: { streamId: string; runId: string }): string[] =>
  tells(target) ? [`SET LOCAL sluice.outbox = ${literal([streamId, runId, (target.changes ?? []).join(',')].join(' '))}`] : [];

/** See Outbox. An id is a row's key, with its time: numbers begin anew where the schema is made anew. */
export const postgresOutbox = (withSchema: <T>(work: (session: Session) => Promise<T>) => Promise<T>): Outbox => ({
  read: ({ installation, syncId, limit }) =>
    withSchema((session) =>
      session.query<RecordChange & Record<string, unknown>>(
        'reading the outbox',
        `WITH page AS MATERIALIZED (
           SELECT o.*, s.stream, s.lane FROM (
             SELECT id, stream, lane FROM sluice.stream WHERE installation = $1 AND sync_id = $2 OFFSET 0) s
           CROSS JOIN LATERAL (
             SELECT stream_id, seq, run_id, change, record::text AS record, at FROM sluice.outbox
             WHERE stream_id = s.id ORDER BY seq LIMIT $3) o
           ORDER BY o.seq LIMIT $3)
         SELECT concat_ws('.', stream_id, seq, (extract(epoch FROM at) * 1000000)::bigint) AS id, stream, lane, run_id AS "runId", change, record, at
         FROM (SELECT *, sum(octet_length(record)) OVER w AS bytes, row_number() OVER w AS n FROM page WINDOW w AS (ORDER BY seq)) p
         WHERE n = 1 OR bytes <= $4 ORDER BY seq`,
        [installation, syncId, limit, MOST_BYTES],
      ),
    ),
  remove: ({ ids }) =>
    withSchema(async (session) => {
      await session.query(
        'emptying the outbox',
        `DELETE FROM sluice.outbox o USING (
           SELECT split_part(id, '.', 1)::bigint AS stream_id, split_part(id, '.', 2)::bigint AS seq FROM unnest($1::text[]) AS id) gone
         WHERE o.stream_id = gone.stream_id AND o.seq = gone.seq`,
        [ids],
      );
    }),
});
