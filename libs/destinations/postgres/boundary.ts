import type { BoundaryChange, BoundaryKey } from '../boundary/index.js';
import { literal } from './quote.js';

/** Statements for the chunk's transaction. */
export function boundaryStatements(key: BoundaryKey, { replaces, top, hits }: BoundaryChange): string[] {
  const owner = [key.streamId, key.runId, key.sliceId].map(literal).join(', ');
  const statements: string[] = [];
  if (replaces)
    statements.push(
      `DELETE FROM sluice.boundary WHERE (stream_id, run_id, slice_id) = (${owner}) AND partition = ${literal(key.partition)}`,
    );
  if (top !== null) {
    const common = `${literal(key.partition)}, ${literal(top.cursor)}, ${key.schemaVersion}`;
    const rows = [...top.copies].map(([digest, copies]) => `(${owner}, ${common}, '\\x${digest}'::bytea, ${copies})`);
    statements.push(
      `INSERT INTO sluice.boundary AS b (stream_id, run_id, slice_id, partition, cursor, schema_version, digest, copies) VALUES ${rows.join(', ')}
       ON CONFLICT (stream_id, partition, run_id, slice_id, schema_version, digest) DO UPDATE SET copies = b.copies + excluded.copies`,
    );
  }
  if (hits.size > 0) {
    const rows = [...hits].map(([key, copies]) => `(${owner}, ${key.replace(':', ", '\\x")}'::bytea, ${copies})`);
    statements.push(
      `INSERT INTO sluice.boundary_hit AS b (stream_id, run_id, slice_id, schema_version, digest, copies) VALUES ${rows.join(', ')}
       ON CONFLICT (stream_id, run_id, slice_id, schema_version, digest) DO UPDATE SET copies = b.copies + excluded.copies`,
    );
  }
  return statements;
}
