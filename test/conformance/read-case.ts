import { readFileSync } from 'node:fs';
import type { BudgetGate } from '../../libs/contracts/budget.port.js';
import type { JsonObject } from '../../libs/contracts/json.js';
import type { Source } from '../../libs/contracts/source.port.js';
import type { StreamState } from '../../libs/contracts/stream.js';
import { budgetAccountOf, compileManifestText, createDeclarativeSource } from '../../libs/connectors/index.js';
import { Egress, EgressAllowList } from '../../libs/egress/index.js';
import { stringifyJson } from '../../libs/json/index.js';

const freeGate: BudgetGate = { acquire: async () => ({ settle: async () => undefined }) };

export interface CaseFiles {
  manifest: string;
  config: string;
  catalog: string;
  /** Of an earlier run. */
  state?: string;
  /** ISO time: the clock stands still. */
  now: string;
  /** host:port of the recorded server. */
  allow: string;
}

interface Configured {
  streams: { stream: { name: string }; sync_mode: string }[];
}
interface StateMessage {
  stream: { stream_descriptor: { name: string }; stream_state: JsonObject };
}

/** Reads every stream of the catalog and returns Airbyte protocol messages as JSON lines. */
export async function readCase(files: CaseFiles): Promise<string[]> {
  const load = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
  const { model } = compileManifestText(readFileSync(files.manifest, 'utf8'));
  const config = load(files.config) as JsonObject;
  const egress = new Egress({ allow: EgressAllowList.parse(files.allow), gate: freeGate, version: '0' });
  const http = egress.client({ account: budgetAccountOf({ model, config, workspaceId: 'w' }), class: 'batch' });
  const source = createDeclarativeSource({ model, config, http, now: () => Date.parse(files.now) });
  const states = files.state === undefined ? [] : (load(files.state) as StateMessage[]);
  const lines: string[] = [];
  const emit = (message: unknown): void => void lines.push(stringifyJson(message));
  try {
    for (const { stream, sync_mode: mode } of (load(files.catalog) as Configured).streams) {
      const known = states.find(({ stream: { stream_descriptor: of } }) => of.name === stream.name)?.stream.stream_state ?? null;
      try {
        await readStream({
          source,
          stream: stream.name,
          incremental: mode === 'incremental',
          state: known,
          now: files.now,
          emit,
        });
        emit({
          type: 'TRACE',
          trace: {
            type: 'STREAM_STATUS',
            emitted_at: 0,
            stream_status: { stream_descriptor: { name: stream.name }, status: 'COMPLETE' },
          },
        });
      } catch (error) {
        emit({ type: 'LOG', log: { level: 'ERROR', message: String(error) } });
        emit({
          type: 'TRACE',
          trace: {
            type: 'STREAM_STATUS',
            emitted_at: 0,
            stream_status: { stream_descriptor: { name: stream.name }, status: 'INCOMPLETE' },
          },
        });
      }
    }
  } finally {
    await source.close();
    await egress.close();
  }
  return lines;
}

interface StreamRun {
  source: Source;
  stream: string;
  incremental: boolean;
  state: StreamState;
  now: string;
  emit: (message: unknown) => void;
}

async function readStream({ source, stream, incremental, state, now, emit }: StreamRun): Promise<void> {
  const signal = new AbortController().signal;
  let next = incremental ? state : null;
  let after: Parameters<Source['slices']>[0]['after'] = null;
  do {
    const plan = await source.slices({ stream, state: incremental ? state : null, now, incremental, after });
    for (const slice of plan.slices) {
      let position = null;
      for await (const page of source.read({ stream, slice, position: null, signal })) {
        for (const record of page.records)
          emit({ type: 'RECORD', record: { stream, data: withoutNulls(record), emitted_at: 0 } });
        ({ position } = page);
      }
      next = source.complete({ stream, slice, position, state: next });
    }
    after = plan.next;
  } while (after !== null);
  const last = next ?? (incremental ? {} : { __ab_no_cursor_state_message: true });
  emit({ type: 'STATE', state: { type: 'STREAM', stream: { stream_descriptor: { name: stream }, stream_state: last } } });
}

/** The reference's serialiser leaves out null fields of a record's top level. */
const withoutNulls = (record: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));
