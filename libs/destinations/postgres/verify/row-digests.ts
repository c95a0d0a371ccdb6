import type { StreamTarget } from '../../../contracts/stream-ref.js';
import type { Finding } from '../../../contracts/verifier.port.js';
import { namesOf, type Column } from '../../../typing/index.js';
import { ident, qualified } from '../quote.js';
import { DIGEST, digestedColumns, rowDigest } from '../row-digest.js';
import type { Session } from '../session.js';
import { keyObject } from './key-object.js';
import { present } from '../../verify/present.js';

export interface DigestRequest {
  target: StreamTarget;
  columns: readonly Column[];
  /** The source's records are compared too. */
  copied: boolean;
  /** Rows that are named. */
  limit: number;
}

/** Whether a row `t` is not what its digest was made of, or has none; null: rows have no digests. Never null as a value. Pure. */
export function digestIsWrong(columns: readonly Column[], target: StreamTarget): string | null {
  const digested = digestedColumns(columns, target);
  if (digested === null) return null;
  return `t.${DIGEST} IS DISTINCT FROM ${rowDigest(digested, ({ name }) => `t.${ident(name)}`)}`;
}

/**
 * Rows of another digest than their values have: somebody else than Sluice changed or added them. A row that is gone has no digest: only the
 * ledger's count tells. Where the source's records are compared that takes the digests of the rows that it looks at into account itself.
 */
export async function findWrongDigests(
  session: Session,
  { target, columns, copied, limit }: DigestRequest,
): Promise<{ count: number; findings: Finding[] }> {
  const wrong = digestIsWrong(columns, target);
  if (wrong === null) return { count: 0, findings: [] };
  const keys = namesOf(columns, target).primaryKey;
  const left = copied && target.mode !== 'full_refresh_append' ? ` AND (${present(target)}) IS NOT TRUE` : '';
  const rows = await session.query<{ key: Finding['key']; bare: boolean; at: string; all: string }>(
    'comparing rows with their digests',
    `SELECT ${keys.length === 0 ? 'NULL::jsonb' : keyObject(keys, 't')} AS key, t.${DIGEST} IS NULL AS bare, t.ctid::text AS at, count(*) OVER () AS all
     FROM ${qualified(target.namespace, target.table)} t WHERE ${wrong}${left} LIMIT ${limit}`,
  );
  const findings = rows.map(({ key, bare, at }): Finding => {
    const words = [...(key === null ? [`the row at ctid ${at}`] : []), ...(bare ? ['it has no digest'] : [])];
    return { kind: 'digest', key, columns: [], detail: words.length === 0 ? null : words.join(': '), outcome: null };
  });
  return { count: Number(rows[0]?.all ?? 0), findings };
}
