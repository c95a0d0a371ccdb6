import { randomUUID } from 'node:crypto';
import type { Destination, SliceWriter, StreamRef, StreamTarget } from '../../libs/contracts/destination.port.js';
import type { JsonPage, RecordPage } from '../../libs/contracts/source.port.js';
import type { Position, Slice, SourceRecord } from '../../libs/contracts/stream.js';
import { scanRows, stringifyJson } from '../../libs/json/index.js';

/** What an adapter's own spec gives to the contract suite. */
export interface DestinationWorld {
  /** A new process's view of the destination: nothing is shared with others but the destination itself. */
  connect(): Destination;
  /** Everything that a reader of the table sees; dates as ISO text. */
  rows(table: string): Promise<SourceRecord[]>;
  close(): Promise<void>;
}

/** What the parts of the contract share. */
export interface DestinationSuite {
  readonly world: DestinationWorld;
  readonly destination: Destination;
  /** Another process; closed after the test. */
  connect(): Destination;
}

const ITEM_SCHEMA = {
  type: 'object',
  properties: {
    id: { type: ['null', 'integer'] },
    name: { type: ['null', 'string'] },
    updated_at: { type: ['null', 'string'] },
  },
};

/** A stream of one sync, with as many runs as a test needs. */
export class TestStream {
  readonly target: StreamTarget;
  private epoch = 0;
  private readonly base = { installation: 'test', syncId: randomUUID(), stream: 'items', lane: 'live' };

  constructor(target: Partial<StreamTarget> & Pick<StreamTarget, 'mode'>) {
    this.target = {
      namespace: 'public',
      table: `items_${randomUUID().slice(0, 8)}`,
      jsonSchema: ITEM_SCHEMA,
      primaryKey: ['id'],
      cursorField: 'updated_at',
      cursorOrder: 'text',
      resume: 'exact',
      ...target,
    };
  }

  nextRun(): StreamRef {
    this.epoch += 1;
    return { ...this.base, runId: randomUUID(), epoch: this.epoch };
  }
}

export const slice = (id = 'all', partition = ''): Slice => ({ id, spec: { part: id }, partition });

export const item = (id: number, day = id, name = `item ${id}`): SourceRecord => ({
  id,
  name,
  updated_at: `2026-01-${String(day).padStart(2, '0')}`,
});

export const items = (from: number, to: number, day?: number): SourceRecord[] =>
  Array.from({ length: to - from + 1 }, (_, n) => item(from + n, day ?? from + n));

/** What pages of the contract are: the promises hold whatever a source gives. Set once by the spec, before its tests. */
export const given: { format: 'records' | 'json' } = { format: 'records' };

export function page(records: readonly SourceRecord[], position: Position | null = null): RecordPage | JsonPage {
  const facts = { position, bytes: records.length * 100, requests: 1 };
  if (given.format === 'records') return { format: 'records', records, ...facts };
  const found = scanRows(Buffer.from(stringifyJson({ data: records })), ['data']);
  if (found === null) throw new Error('these records have to be given parsed');
  return { format: 'json', rows: found.rows, ...facts };
}

/** Writes pages as one chunk. */
export async function commitChunk(writer: SliceWriter, records: readonly SourceRecord[], position: Position): Promise<void> {
  await writer.write(page(records, position));
  await writer.commit(position);
}

/** A whole run of one slice with one page, as an undisturbed source would give it. */
export async function wholeRun(
  destination: Destination,
  stream: TestStream,
  records: readonly SourceRecord[],
): Promise<StreamRef> {
  const ref = stream.nextRun();
  const { target } = stream;
  await destination.prepare({ ref, target });
  const writer = await destination.open({ ref, target, slice: slice(), fence: 1 });
  await writer.write(page(records, null));
  await writer.complete(null, () => ({ runs: ref.epoch }));
  await writer.close();
  await destination.finish({ ref, target });
  return ref;
}

export const byId = (rows: readonly SourceRecord[]): unknown[] => rows.map((row) => row.id).sort((a, b) => Number(a) - Number(b));
