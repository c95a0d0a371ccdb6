import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { compileManifest, createDeclarativeSource } from '../../../libs/connectors/index.js';
import type { JsonObject, JsonValue } from '../../../libs/contracts/json.js';
import type { Source } from '../../../libs/contracts/source.port.js';
import type { StreamState } from '../../../libs/contracts/stream.js';
import { Decimal, parseJson, stringifyJson } from '../../../libs/json/index.js';
import { familyHttp } from './family-http.js';
import { recordsOf } from '../../../libs/pipeline/index.js';

/** What airbyte-cdk 7.39.1 read from the API of family-http.ts, and the state that it left, for each stream of a manifest. */
interface Oracle {
  manifest: JsonObject;
  config: JsonObject;
  incremental: string[];
  runs: {
    title: string;
    given: Record<string, JsonObject>;
    /** Each record as its id and the query that it was found with. */
    records: Record<string, string[]>;
    /** With `lookback_window`, which is the length of the run, as 0. */
    states: Record<string, JsonObject>;
  }[];
}

const oracle = parseJson(readFileSync(new URL('incremental.oracle.json', import.meta.url), 'utf8')) as Oracle;
const NOW = '2024-06-01T00:00:00.123Z';
const source: Source = createDeclarativeSource({
  model: compileManifest(oracle.manifest),
  config: oracle.config,
  http: familyHttp(),
  now: () => Date.parse(NOW),
});

async function read(stream: string, state: StreamState) {
  const incremental = oracle.incremental.includes(stream);
  const progress = source.progress({ stream, state, incremental, now: NOW });
  const records: string[] = [];
  let after: JsonValue | null = null;
  do {
    const page = await source.slices({ stream, state, now: NOW, incremental, after });
    for (const slice of page.slices) {
      let position = null;
      const { signal } = new AbortController();
      for await (const found of source.read({ stream, slice, position: null, signal })) {
        records.push(...recordsOf(found).map(brief));
        ({ position } = found);
      }
      progress.add(slice, position);
    }
    after = page.next;
  } while (after !== null);
  return { records: records.sort(), state: comparable(progress.message({ whole: true, seconds: 5 })) };
}

function brief(record: Record<string, unknown>): string {
  const { id, q = {} } = record as { id?: string | number | bigint | null; q?: Record<string, string> };
  const query = Object.entries(q).sort(([a], [b]) => (a < b ? -1 : 1));
  return [String(id ?? 'None'), ...query.map(([name, value]) => `${name}=${value}`)].join(' ');
}

/** The order of `states` means nothing. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable).sort((a, b) => (stringifyJson(a) < stringifyJson(b) ? -1 : 1));
  if (typeof value === 'bigint' || value instanceof Decimal) return String(value);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, key === 'lookback_window' ? 0 : comparable(item)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe.each(oracle.runs)('incremental reading $title', ({ given, records, states }) => {
  it.each(Object.keys(records))('of the stream %s asks for the same and leaves the same state as Airbyte', async (stream) => {
    const found = await read(stream, given[stream] ?? null);
    expect(found.records).toEqual([...(records[stream] ?? [])].sort());
    expect(found.state).toEqual(comparable(states[stream]));
  });
});

describe('a plan', () => {
  it('of more than 10,000 partitions keeps one cursor for all, which moves when everything was read', () => {
    const stream = 'list';
    const window = (n: number) => ({
      id: `${n}`,
      partition: `${n}`,
      spec: {
        p: { p: `${n}` },
        w: {
          values: {},
          start: '2024-03-02T00:00:00Z',
          end: '2024-03-29T00:00:00Z',
          from: '2024-03-02T00:00:00Z',
          to: '2024-03-29T00:00:00Z',
        },
        ...(n > 10_000 ? { g: true } : {}),
      },
    });
    const progress = source.progress({ stream, state: null, incremental: true, now: NOW });
    for (let n = 0; n < 12_000; n++) progress.add(window(n), { h: '2024-03-05T00:00:00Z' });
    expect((progress.state({ whole: false, seconds: 2 }) as { states: unknown[] }).states).toHaveLength(10_001);
    expect(progress.state({ whole: true, seconds: 2 })).toEqual({
      use_global_cursor: true,
      state: { at: '2024-03-05T00:00:00Z' },
      lookback_window: 2,
    });
  });
});
