import { describe, expect, it } from '@jest/globals';
import type { Page, Source } from '../../../libs/contracts/source.port.js';
import type { Position } from '../../../libs/contracts/stream.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { readStreams } from './read-streams.js';

const page = (id: number, position: Position | null, warnings?: string[]): Page => ({
  ...{ format: 'records', records: [{ id }], position, bytes: 1, requests: 1 },
  ...(warnings === undefined ? {} : { warnings }),
});

async function reading(read: (position: Position | null) => AsyncIterable<Page>) {
  const reached: (Position | null)[] = [];
  const source = {
    slices: async () => ({ slices: [{ id: 's', spec: {}, partition: '' }], next: null }),
    read: ({ position }: { position: Position | null }) => read(position),
    progress: () => ({ add: (_slice: unknown, position: Position | null) => reached.push(position), message: () => ({}) }),
  } as unknown as Source;
  const [written, waits]: [string[], number[]] = [[], []];
  const failed = await readStreams({
    source,
    streams: [{ name: 'numbers', incremental: false }] as Parameters<typeof readStreams>[0]['streams'],
    states: new Map(),
    now: () => 0,
    maxWaitMs: 600_000,
    sleep: async (ms) => void waits.push(ms),
    write: async (lines) => void written.push(lines.toString()),
    log: () => undefined,
  });
  const messages = written
    .join('')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, Record<string, unknown>>);
  const ids = messages.flatMap(({ record }) => (record === undefined ? [] : [(record['data'] as { id: number }).id]));
  return { failed, ids, waits, reached, logs: messages.flatMap(({ log }) => (log === undefined ? [] : [log])) };
}

describe('connector read', () => {
  it('goes on after a wait where the source last gave a position, not at the beginning of the slice', async () => {
    let waited = false;
    const from: (Position | null)[] = [];
    const result = await reading(async function* (position) {
      from.push(position);
      if (position === null) yield page(1, 'one');
      yield page(2, null);
      if (!waited) {
        waited = true;
        throw new SluiceError('RATE_LIMITED', { retryAt: 60_000 });
      }
      yield page(3, 'three');
      yield page(4, null);
    });
    expect(result).toMatchObject({ failed: [], ids: [1, 2, 2, 3, 4], waits: [60_000], reached: ['three'] });
    expect(from).toEqual([null, 'one']);
  });

  it('says once what the source warns of', async () => {
    const { logs } = await reading(async function* () {
      yield page(1, 1, ['a list is cut short']);
      yield page(2, 2, ['a list is cut short']);
    });
    expect(logs).toEqual([{ level: 'WARN', message: 'stream numbers, a list is cut short' }]);
  });
});
