import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { RecordPage, SlicePage, Source, SourceSnapshots } from '../../../libs/contracts/source.port.js';
import type { Catalog, Position, Slice, StreamState } from '../../../libs/contracts/stream.js';
import type { JsonObject } from '../../../libs/contracts/json.js';
import { WRITE_MODES, type Resume } from '../../../libs/contracts/write-mode.js';
import { SluiceError, type ErrorCode } from '../../../libs/errors/index.js';

/** A source in code that can misbehave on demand: `rows` numbers in `slices` slices, a page at a time. */
export interface NumbersConfig {
  rows: number;
  slices?: number;
  pageRows?: number;
  /** Between pages, in milliseconds. */
  pauseMs?: number;
  resume?: Resume;
  /** Thrown when record `at` would be read. */
  fail?: { code: ErrorCode; at: number; detail?: string };
  /** RATE_LIMITED for so long, once per process, when record `at` would be read. */
  throttle?: { at: number; forMs: number };
  /** Slices are read from a held snapshot; `bound`: all from the same one. */
  snapshots?: { bound: boolean };
  /** Reading stops before record `at` until `file` exists; `file`.reached is there from when it stopped. */
  gate?: { at: number; file: string };
}

const GATE_POLL_MS = 20;

async function passGate(file: string, signal: AbortSignal): Promise<void> {
  writeFileSync(`${file}.reached`, '');
  while (!existsSync(file)) await delay(GATE_POLL_MS, undefined, { signal });
}

export const numbersSpec = { type: 'object', additionalProperties: true } as const;
const throttled = new Set<string>();

/** Nothing changes, so that any id will do. */
const numbersSnapshots = (bound: boolean): SourceSnapshots => ({
  longestMs: 60_000,
  isBound: () => bound,
  hold: async () => ({ id: 'numbers', lost: new Promise(() => undefined), release: async () => undefined }),
});

export function numbersSource(json: JsonObject): Source {
  const config = json as unknown as NumbersConfig;
  const { rows, slices: sliceCount = 1, pageRows = 100, pauseMs = 0, resume = 'exact' } = config;
  const perSlice = Math.ceil(rows / sliceCount);
  const bounds = (slice: Slice) => ({ from: Number(slice.spec['from']), to: Number(slice.spec['to']) });

  function trouble(from: number, to: number): void {
    const { fail, throttle } = config;
    if (fail && fail.at >= from && fail.at < to) throw new SluiceError(fail.code, { detail: fail.detail ?? 'as ordered' });
    const key = JSON.stringify(json);
    if (!throttle || throttle.at < from || throttle.at >= to || throttled.has(key)) return;
    throttled.add(key);
    throw new SluiceError('RATE_LIMITED', { retryAt: Date.now() + throttle.forMs });
  }

  return {
    ...(config.snapshots && { snapshots: numbersSnapshots(config.snapshots.bound) }),
    async check() {},
    async discover(): Promise<Catalog> {
      return {
        streams: [
          {
            name: 'numbers',
            jsonSchema: { type: 'object', properties: { id: { type: 'integer' }, text: { type: 'string' } } },
            primaryKey: ['id'],
            cursorField: 'id',
            cursorOrder: 'number',
            resume,
            modes: WRITE_MODES,
            warnings: [],
            unavailable: null,
          },
        ],
      };
    },
    async slices({ state, incremental }): Promise<SlicePage> {
      const done = incremental ? Number((state as { max?: number } | null)?.max ?? 0) : 0;
      const slices: Slice[] = [];
      for (let from = 1; from <= rows; from += perSlice) {
        const first = Math.max(from, done + 1);
        const to = Math.min(from + perSlice, rows + 1);
        if (first < to) slices.push({ id: `${first}-${to}`, spec: { from: first, to }, partition: '' });
      }
      return { slices, next: null };
    },
    async *read({ slice, position, signal }): AsyncGenerator<RecordPage> {
      const { from, to } = bounds(slice);
      for (let at = position === null ? from : Number(position); at < to; at += pageRows) {
        if (pauseMs > 0) await delay(pauseMs, undefined, { signal });
        signal.throwIfAborted();
        const end = Math.min(at + pageRows, to);
        trouble(at, end);
        const { gate } = config;
        if (gate && gate.at >= at && gate.at < end) await passGate(gate.file, signal);
        const records = Array.from({ length: end - at }, (_, index) => ({ id: at + index, text: `number ${at + index}` }));
        const next: Position | null = resume === 'none' ? null : end;
        yield { format: 'records', records, position: next, bytes: records.length * 30, requests: 1 };
      }
    },
    complete({ slice, state }): StreamState {
      const max = Number((state as { max?: number } | null)?.max ?? 0);
      return { max: Math.max(max, bounds(slice).to - 1) };
    },
    progress({ state: first, incremental }) {
      let state = incremental ? first : null;
      const add = (slice: Slice): void => {
        const max = Number((state as { max?: number } | null)?.max ?? 0);
        state = { max: Math.max(max, bounds(slice).to - 1) };
      };
      return { add, state: () => state, message: () => state ?? {} };
    },
    async close() {},
  };
}
