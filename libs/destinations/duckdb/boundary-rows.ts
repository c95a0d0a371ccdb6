import { compareCursors, cursorValue } from '../../pipeline/index.js';
import { literal } from '../../postgres/index.js';
import type { Column } from '../../typing/index.js';
import type { BoundaryBase, BoundaryChange, BoundaryKey } from '../boundary/index.js';
import type { Session } from './session.js';

interface Row {
  run_id: string;
  slice_id: string;
  partition: string;
  cursor: string;
  schema_version: number;
  digest: string;
  copies: number;
}

/** What a slice's writer must know of earlier runs' boundaries, and its own highest cursor. Slices that this run inherited are an earlier run's. */
export async function readBoundary(
  session: Session,
  key: BoundaryKey,
): Promise<{ base: BoundaryBase; committed: string | null }> {
  const what = 'reading the boundary records';
  const rows = await session.query<Row & { own: boolean }>(
    what,
    `SELECT "cursor", schema_version, digest, copies, run_id = $3 AND slice_id = $4 AS own FROM sluice.boundary
     WHERE stream_id = $1::BIGINT AND "partition" = $2 AND (run_id <> $3 OR slice_id = $4 OR slice_id IN (
       SELECT i.slice_id FROM sluice.checkpoint i JOIN sluice.checkpoint o ON o.stream_id = i.stream_id AND o.run_id = i.run_id
       WHERE i.stream_id = $1::BIGINT AND i.run_id = $3 AND o.slice_id = $4 AND i.inherited AND NOT o.inherited))`,
    [key.streamId, key.partition, key.runId, key.sliceId],
  );
  const base = rows.filter(({ own }) => !own);
  const hits = await session.query<Row>(
    what,
    'SELECT schema_version, digest, copies FROM sluice.boundary_hit WHERE stream_id = $1::BIGINT AND run_id = $2 AND slice_id = $3',
    [key.streamId, key.runId, key.sliceId],
  );
  const remaining = new Map<string, number>();
  const add = ({ schema_version, digest, copies }: Row, sign: number): void => {
    const name = `${schema_version}:${digest}`;
    remaining.set(name, (remaining.get(name) ?? 0) + sign * copies);
  };
  for (const row of base) add(row, 1);
  if (base.length > 0) for (const hit of hits) add(hit, -1);
  const versions = new Set(base.map(({ schema_version }) => schema_version));
  const layouts = await session.query<{ version: number; columns: string }>(
    what,
    'SELECT schema_version AS version, columns FROM sluice.layout WHERE stream_id = $1::BIGINT',
    [key.streamId],
  );
  return {
    base: {
      cursors: new Set(base.map(({ cursor }) => cursor)),
      layouts: layouts
        .filter(({ version }) => versions.has(version))
        .map(({ version, columns }) => ({ schemaVersion: version, columns: JSON.parse(columns) as Column[] })),
      remaining,
    },
    committed: rows.find(({ own }) => own)?.cursor ?? null,
  };
}

/** In the chunk's transaction. Copies of one digest are rows of their own: they are summed when they are read. */
export async function writeBoundary(session: Session, key: BoundaryKey, { replaces, top, hits }: BoundaryChange): Promise<void> {
  const what = 'keeping the boundary records';
  const mine = [key.streamId, key.runId, key.sliceId];
  if (replaces)
    await session.query(
      what,
      'DELETE FROM sluice.boundary WHERE stream_id = $1::BIGINT AND run_id = $2 AND slice_id = $3 AND "partition" = $4',
      [...mine, key.partition],
    );
  const owner = [key.runId, key.sliceId].map(literal).join(', ');
  if (top !== null) {
    const head = `${key.streamId}, ${literal(key.partition)}, ${owner}, ${literal(top.cursor)}, ${key.schemaVersion}`;
    const rows = [...top.copies].map(([digest, copies]) => `(${head}, ${literal(digest)}, ${copies})`);
    await session.query(what, `INSERT INTO sluice.boundary VALUES ${rows.join(', ')}`);
  }
  if (hits.size > 0) {
    const rows = [...hits].map(([name, copies]) => {
      const [version = '', digest = ''] = name.split(':');
      return `(${key.streamId}, ${owner}, ${version}, ${literal(digest)}, ${copies})`;
    });
    await session.query(what, `INSERT INTO sluice.boundary_hit VALUES ${rows.join(', ')}`);
  }
}

/** At the end of a run: of every partition only the records at its highest cursor stay, as one set. In the caller's transaction. */
export async function collapseBoundary(session: Session, id: string, runId: string, order: 'text' | 'number'): Promise<void> {
  const what = 'keeping the boundary records';
  const compare = compareCursors(order);
  const rows = await session.query<Row>(
    what,
    'SELECT "partition", "cursor", schema_version, digest, sum(copies)::INTEGER AS copies FROM sluice.boundary WHERE stream_id = $1::BIGINT GROUP BY ALL',
    [id],
  );
  const tops = new Map<string, Row[]>();
  for (const row of rows) {
    const [first] = tops.get(row.partition) ?? [];
    const [mine, best] = [cursorValue(row.cursor, order), first && cursorValue(first.cursor, order)];
    const found = mine === null ? -1 : best == null ? 1 : compare(mine, best);
    if (found > 0) tops.set(row.partition, [row]);
    else if (found === 0) tops.get(row.partition)?.push(row);
  }
  await session.query(what, 'DELETE FROM sluice.boundary WHERE stream_id = $1::BIGINT', [id]);
  await session.query(what, 'DELETE FROM sluice.boundary_hit WHERE stream_id = $1::BIGINT', [id]);
  const kept = [...tops.values()]
    .flat()
    .map(
      (row) =>
        `(${id}, ${literal(row.partition)}, ${literal(runId)}, '', ${literal(row.cursor)}, ${row.schema_version}, ${literal(row.digest)}, ${row.copies})`,
    );
  if (kept.length > 0) await session.query(what, `INSERT INTO sluice.boundary VALUES ${kept.join(', ')}`);
}
