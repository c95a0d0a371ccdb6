import { expect, test } from '@jest/globals';
import type { Page, Source } from '../../../libs/contracts/source.port.js';
import type { Slice } from '../../../libs/contracts/stream.js';
import { SluiceError, type ErrorCode } from '../../../libs/errors/index.js';
import { readStreams } from './read-streams.js';

/** Slices a, b and c, of which b fails; what is written and which slices came into the state. */
async function readWith(code: ErrorCode) {
  const added: string[] = [];
  const source = {
    slices: async () => ({ slices: ['a', 'b', 'c'].map((id) => ({ id, spec: {}, partition: id })), next: null }),
    async *read({ slice }: { slice: Slice }): AsyncGenerator<Page> {
      if (slice.id === 'b') throw new SluiceError(code, { detail: 'of slice b' });
      yield { format: 'records', records: [{ slice: slice.id }], position: slice.id, bytes: 1, requests: 1 };
    },
    progress: () => ({
      add: ({ id }: Slice) => void added.push(id),
      message: ({ whole }: { whole: boolean }) => ({ whole }),
    }),
  } as unknown as Source;
  let written = '';
  const failed = await readStreams({
    source,
    streams: [{ name: 'reports', incremental: false }],
    states: new Map(),
    now: () => 0,
    maxWaitMs: 0,
    sleep: async () => undefined,
    write: async (lines) => void (written += lines.toString()),
    log: () => undefined,
  });
  const messages = written
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; record?: { data: { slice: string } }; trace?: object });
  return {
    failed,
    added,
    messages,
    records: messages.flatMap(({ record }) => (record === undefined ? [] : [record.data.slice])),
  };
}

test('a job that fails does not stop the other slices: the stream is incomplete in the end', async () => {
  const { failed, added, records, messages } = await readWith('SOURCE_JOB_FAILED');
  expect({ failed, added, records }).toEqual({ failed: ['reports'], added: ['a', 'c'], records: ['a', 'c'] });
  expect(JSON.stringify(messages)).toMatch(/of slice b/);
  expect(JSON.stringify(messages.at(-1))).toMatch(/INCOMPLETE/);
  expect(JSON.stringify(messages)).toMatch(/"whole":false/);
});

test('any other failure ends the stream where it is', async () => {
  const { failed, records } = await readWith('SOURCE_BAD_RESPONSE');
  expect({ failed, records }).toEqual({ failed: ['reports'], records: ['a'] });
});
