import { literal } from '../../postgres/index.js';
import type { Published } from './loading.js';
import type { Session } from './session.js';

/** A row of sluice.chunk, but for when it is committed. */
export interface LedgerLine extends Published {
  seq: number;
  fence: number;
  generation: number | null;
  read: number;
  quarantined: number;
  discarded: number;
  bytes: number;
}

/** What a row of the ledger, or of the quarantine, belongs to, as SQL. */
export const ownerOf = ({ streamId, runId, sliceId }: { streamId: string; runId: string; sliceId: string }): string =>
  `${streamId}, ${literal(runId)}, ${literal(sliceId)}`;

/** In the chunk's transaction. `owner`: see ownerOf. */
export async function writeLedger(session: Session, owner: string, line: LedgerLine): Promise<void> {
  await session.query(
    'writing the ledger',
    `INSERT INTO sluice.chunk (stream_id, run_id, slice_id, ${Object.keys(line).join(', ')}, committed_at)
     VALUES (${owner}, ${Object.values(line as object)
       .map(literal)
       .join(', ')}, now())`,
  );
}
