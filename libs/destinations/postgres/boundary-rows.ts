import type { Column } from '../../typing/index.js';
import type { BoundaryBase, BoundaryKey } from '../boundary/index.js';
import { literal } from './quote.js';
import type { Session } from './session.js';

interface Left {
  base: BoundaryBase;
  /** The slice's own highest cursor. */
  committed: string | null;
}

/** Where no record is at the boundary. Made anew: a writer counts down in it. */
export const noBoundary = (): Left => ({ base: { cursors: new Set(), layouts: [], remaining: new Map() }, committed: null });

/**
 * What a slice's writer must know of earlier runs' boundaries, and its own highest cursor. Slices that this run inherited are an earlier run's
 * to those that it planned itself: these begin, inclusively, where those ended.
 */
export async function readBoundary(session: Session, key: BoundaryKey): Promise<Left> {
  const what = 'reading the boundary records';
  const rows = await session.query<{ cursor: string; schema_version: number; digest: string; copies: number; own: boolean }>(
    what,
    `SELECT cursor, schema_version, encode(digest, 'hex') AS digest, copies, run_id = $3 AND slice_id = $4 AS own
     FROM sluice.boundary
     WHERE stream_id = $1 AND partition = $2 AND (run_id <> $3 OR slice_id = $4 OR slice_id IN (
       SELECT i.slice_id FROM sluice.checkpoint i JOIN sluice.checkpoint o USING (stream_id, run_id)
       WHERE stream_id = $1 AND run_id = $3 AND o.slice_id = $4 AND i.inherited AND NOT o.inherited))`,
    [key.streamId, key.partition, key.runId, key.sliceId],
  );
  const base = rows.filter(({ own }) => !own);
  const remaining = new Map<string, number>();
  for (const row of base) add(remaining, `${row.schema_version}:${row.digest}`, row.copies);
  if (base.length > 0) {
    const hits = await session.query<{ digest: string; schema_version: number; copies: number }>(
      what,
      `SELECT schema_version, encode(digest, 'hex') AS digest, copies FROM sluice.boundary_hit
       WHERE stream_id = $1 AND run_id = $2 AND slice_id = $3`,
      [key.streamId, key.runId, key.sliceId],
    );
    for (const hit of hits) add(remaining, `${hit.schema_version}:${hit.digest}`, -hit.copies);
  }
  const versions = [...new Set(base.map(({ schema_version }) => schema_version))];
  const layouts =
    versions.length === 0
      ? []
      : await session.query<{ schemaVersion: number; columns: Column[] }>(
          what,
          `SELECT schema_version AS "schemaVersion", columns FROM sluice.layout WHERE stream_id = $1 AND schema_version = ANY ($2)`,
          [key.streamId, versions],
        );
  return {
    base: { cursors: new Set(base.map(({ cursor }) => cursor)), layouts, remaining },
    committed: rows.find(({ own }) => own)?.cursor ?? null,
  };
}

const add = (counts: Map<string, number>, key: string, n: number): void => void counts.set(key, (counts.get(key) ?? 0) + n);

/**
 * At the end of a run: of every partition only the records at its highest cursor stay, as one set. Statements for finish's transaction.
 * Text compares by code point, as the writers do.
 */
export function collapseBoundary(streamId: string, runId: string, order: 'text' | 'number'): string[] {
  const id = `stream_id = ${literal(streamId)}`;
  const top = order === 'number' ? 'max(cursor::numeric)' : 'max(cursor COLLATE "C")';
  const same = order === 'number' ? 'b.cursor::numeric = t.top' : 'b.cursor = t.top';
  return [
    `CREATE TEMP TABLE sluice_boundary ON COMMIT DROP AS
       SELECT b.partition, min(b.cursor) AS cursor, b.schema_version, b.digest, sum(b.copies)::integer AS copies
       FROM sluice.boundary b JOIN (SELECT partition, ${top} AS top FROM sluice.boundary WHERE ${id} GROUP BY partition) t
         ON t.partition = b.partition AND ${same}
       WHERE b.${id} GROUP BY b.partition, b.schema_version, b.digest`,
    `DELETE FROM sluice.boundary WHERE ${id}`,
    `INSERT INTO sluice.boundary (stream_id, partition, run_id, slice_id, cursor, schema_version, digest, copies)
       SELECT ${literal(streamId)}, partition, ${literal(runId)}, '', cursor, schema_version, digest, copies FROM pg_temp.sluice_boundary`,
    `DELETE FROM sluice.boundary_hit WHERE ${id}`,
  ];
}
