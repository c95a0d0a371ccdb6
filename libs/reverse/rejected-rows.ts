import type { ActionPorts } from '../actions/index.js';
import { openText } from '../secrets/index.js';
import type { Quarantine } from '../contracts/quarantine.port.js';
import { parseJson } from '../json/index.js';
import { listRejectedRows, type RejectedRow } from '../store/index.js';

/** What fits into an answer, at most; one row at least. */
const MOST_BYTES = 8 * 1024 * 1024;

/** Rows that an action did not take, with the reason: the provider's refusal, an input that breaks the schema, a doubt. */
export const rejectedRows = (
  { pool, secrets }: Pick<ActionPorts, 'pool' | 'secrets'>,
  owner: { workspaceId: string; connectionId: string },
): Quarantine => ({
  async read({ syncIds, stream = null, runId = null, reason = null, field = null, since = null, until = null, before, limit }) {
    const found = await listRejectedRows(pool, { syncIds, stream, runId, reason, field, since, until, before, limit: limit + 1 });
    const shown = fitting(found.slice(0, limit));
    const records = shown.map(({ id, record, ...row }) => ({
      ...row,
      id: String(id),
      record: parseJson(openText(secrets, owner, record)),
    }));
    return { records, next: shown.length < found.length ? (records.at(-1)?.id ?? null) : null };
  },
});

function fitting(rows: readonly RejectedRow[]): readonly RejectedRow[] {
  let bytes = 0;
  const end = rows.findIndex(({ record }, index) => (bytes += record.length) > MOST_BYTES && index > 0);
  return end === -1 ? rows : rows.slice(0, end);
}
