import type { StreamTarget } from '../../contracts/stream-ref.js';
import type { Finding } from '../../contracts/verifier.port.js';
import { namesOf, type Column } from '../../typing/index.js';
import { DIGEST, digestIsWrong, type RowDigests } from '../row-digest.js';
import { relationOf } from './compare-sql.js';
import { present } from './present.js';

export interface DigestRequest {
  target: StreamTarget;
  columns: readonly Column[];
  /** The source's records are compared too. */
  copied: boolean;
  /** Rows that are named. */
  limit: number;
}

interface DigestDoor {
  digests: RowDigests;
  query: <Row extends object>(what: string, sql: string) => Promise<Row[]>;
  /** A key of the columns of `t` as a JSON object of texts. */
  keyObject: (keys: readonly string[], alias: string) => string;
  rowId: 'ctid' | 'rowid';
}

interface WrongRow {
  key: Finding['key'];
  bare: boolean;
  at: string;
  all: number;
}

/**
 * Rows of another digest than their values have: somebody else than Sluice changed or added them. A row that is gone has no digest: only the
 * ledger's count tells. Where the source's records are compared that takes the digests of the rows that it looks at into account itself.
 */
export async function findWrongDigests(
  { digests, query, keyObject, rowId }: DigestDoor,
  { target, columns, copied, limit }: DigestRequest,
): Promise<{ count: number; findings: Finding[] }> {
  const wrong = digestIsWrong(digests, columns, target);
  if (wrong === null) return { count: 0, findings: [] };
  const keys = namesOf(columns, target).primaryKey;
  const left = copied && target.mode !== 'full_refresh_append' ? ` AND (${present(target)}) IS NOT TRUE` : '';
  const rows = await query<WrongRow>(
    'comparing rows with their digests',
    `SELECT ${keys.length === 0 ? 'NULL' : keyObject(keys, 't')} AS key, t.${DIGEST} IS NULL AS bare, CAST(t.${rowId} AS text) AS at, CAST(count(*) OVER () AS float8) AS "all"
     FROM ${relationOf({ target })} t WHERE ${wrong}${left} LIMIT ${limit}`,
  );
  const findings = rows.map(({ key, bare, at }): Finding => {
    const words = [...(key === null ? [`the row at ${rowId} ${at}`] : []), ...(bare ? ['it has no digest'] : [])];
    return { kind: 'digest', key, columns: [], detail: words.length === 0 ? null : words.join(': '), outcome: null };
  });
  return { count: rows[0]?.all ?? 0, findings };
}
