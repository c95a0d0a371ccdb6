/** A process that loads numbers into a DuckDB file: told what, it goes on from the checkpoint, says what was acknowledged, and when it has finished. */
import { createDestination } from '../../libs/destinations/registry.js';
import type { StreamRef, StreamTarget } from '../../libs/contracts/destination.port.js';

export interface WriterOrder {
  folder: string;
  path: string;
  ref: StreamRef;
  target: StreamTarget;
  fence: number;
  rows: number;
  rowsPerChunk: number;
}

async function load({ folder, path, ref, target, fence, rows, rowsPerChunk }: WriterOrder): Promise<void> {
  const destination = createDestination({ connector: 'duckdb', config: { path }, secrets: {}, duckdbFolder: folder });
  await destination.prepare({ ref, target });
  const slice = { id: 'all', spec: {}, partition: '' };
  const writer = await destination.open({ ref, target, slice, fence });
  let after = (writer.position as { after: number } | null)?.after ?? 0;
  process.send?.({ opened: after });
  while (!writer.completed && after < rows) {
    const records = Array.from({ length: Math.min(rowsPerChunk, rows - after) }, (_, index) =>
      recordOf(target, after + index + 1),
    );
    after += records.length;
    await writer.write({ format: 'records', records, position: { after }, bytes: records.length * 40, requests: 1 });
    await writer.commit({ after });
    process.send?.({ acknowledged: after });
  }
  if (!writer.completed) await writer.complete({ after }, () => ({ after }));
  await writer.close();
  await destination.finish({ ref, target });
  process.send?.({ finished: true });
}

/** How far behind its record a tombstone comes: in another chunk. */
const BEHIND = 301;

/** The nth record is new, with two elements in each list that becomes a table; where tombstones are followed, every fourth deletes an earlier one instead. */
function recordOf({ deletes, childTables }: StreamTarget, n: number): Record<string, unknown> {
  const lists = Object.fromEntries((childTables ?? []).map((field) => [field, [{ n }, { n: -n }]]));
  const facts = { name: `row ${n}`, updated_at: String(n).padStart(9, '0'), ...lists };
  if (deletes?.when === undefined) return { id: n, ...facts };
  const deleted = n % 4 === 0 && n > BEHIND;
  return { id: deleted ? n - BEHIND : n, ...facts, [deletes.when.field]: deleted };
}

process.once('disconnect', () => process.exit(0));
process.on('message', (order: WriterOrder) => {
  load(order).catch((error: unknown) => process.send?.({ failed: (error as { code?: string }).code ?? String(error) }));
});
