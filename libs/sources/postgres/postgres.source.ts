import { setTimeout as delay } from 'node:timers/promises';
import { BufferPool } from '../../buffers/index.js';
import type { JsonObject, JsonValue } from '../../contracts/json.js';
import type {
  CopyTarget,
  HeldSnapshot,
  Page,
  SlicePage,
  Source,
  SourceSnapshots,
  SourceStates,
  StateProgress,
} from '../../contracts/source.port.js';
import type { Catalog, Position, Slice, StreamState } from '../../contracts/stream.js';
import { SluiceError } from '../../errors/index.js';
import type { EgressCheck, PgSession } from '../../postgres/index.js';
import type { PostgresSourceConfig } from './config.schema.js';
import { addWindow, progressOf } from './cursor-state.policy.js';
import { isSettled, type Closing } from './cursor-window.policy.js';
import { cursorOf, describeTable, type CursorColumn } from './describe-table.js';
import { observe } from './observe.js';
import { closeCursor, planFull, planWindows, SLICE_BYTES } from './plan-table.js';
import { readSlice } from './read-slice.js';
import { holdSnapshot } from './snapshots.js';
import { SessionShelf } from './session-shelf.js';
import { specOf, toSlice } from './slice-spec.js';
import { readStateByHand, stateBetween } from './states-by-hand.js';
import { readServer, readTables, type SourceServer, type SourceTable } from './source-table.js';

const OLDEST_SERVER = 130_000;
/** For short transactions, before a read by a number: longer ones are waited for outside. */
const SETTLES_WITHIN_MS = 2_000;
const POLL_MS = 50;
/** Long enough that a transaction of a minute does not fail the run, which gives up after three windows without progress. */
const ASK_AGAIN_MS = 30_000;

export interface PostgresSourceOptions {
  config: PostgresSourceConfig;
  /** Absent: every address is allowed. */
  egress?: EgressCheck;
  /** So much of a table on disk is a slice. Default 32 MiB. */
  sliceBytes?: number;
  /** How long a plan by a number waits in place for running transactions. Default 2,000. */
  settlesWithinMs?: number;
}

/** PostgreSQL 13 or newer: tables and views are streams. It only ever reads. */
export class PostgresSource implements Source {
  readonly formats: Source['formats'] = ['copy_binary', 'copy_text', 'copy_lines'];
  readonly snapshots: SourceSnapshots;
  readonly states: SourceStates = {
    show: (state) => state,
    read: async ({ stream, state }) => readStateByHand(await this.named(stream), state),
    between: async ({ stream, ...range }) => stateBetween(await this.named(stream), range),
  };
  private readonly config: PostgresSourceConfig;
  private readonly sliceBytes: number;
  private readonly settlesWithinMs: number;
  private readonly sessions: SessionShelf;
  private readonly buffers = new BufferPool();
  private readonly tables = new Map<string, Promise<SourceTable>>();

  constructor({ config, egress, sliceBytes = SLICE_BYTES, settlesWithinMs = SETTLES_WITHIN_MS }: PostgresSourceOptions) {
    this.settlesWithinMs = settlesWithinMs;
    this.sliceBytes = sliceBytes;
    this.config = config;
    this.sessions = new SessionShelf(config, egress);
    this.snapshots = {
      longestMs: config.snapshot_hold_seconds * 1_000,
      isBound: (slice) => specOf(slice).kind === 'blocks',
      hold: ({ stream }) => this.hold(stream),
    };
  }

  async check(): Promise<void> {
    await this.sessions.with((session) => assertServer(session));
  }

  async discover(): Promise<Catalog> {
    return this.sessions.with(async (session) => {
      const server = await assertServer(session);
      const tables = await readTables(session, this.config);
      const names = new Map<string, number>();
      for (const { stream } of tables) names.set(stream, (names.get(stream) ?? 0) + 1);
      return {
        streams: tables
          .filter(({ stream }, index) => tables.findIndex((table) => table.stream === stream) === index)
          .map((table) => {
            const descriptor = describeTable(table, this.config, server);
            return names.get(table.stream) === 1 ? descriptor : { ...descriptor, unavailable: 'two tables go by this name' };
          }),
      };
    });
  }

  async slices({
    stream,
    state,
    incremental,
    after,
    snapshots = false,
  }: {
    stream: string;
    state: StreamState;
    incremental: boolean;
    after: JsonValue | null;
    snapshots?: boolean;
  }): Promise<SlicePage> {
    return this.sessions.with(async (session) => {
      const table = await this.table(session, stream);
      if (!incremental) {
        const { specs, warnings = [] } = await planFull(session, table, { sliceBytes: this.sliceBytes, snapshots });
        return { slices: specs.map(toSlice), next: null, warnings };
      }
      const cursor = this.cursor(table);
      if (cursor === null) throw new SluiceError('CURSOR_MISSING', { detail: `${stream} has no cursor`, details: { stream } });
      const known = after as unknown as Closing | null;
      const closing = known ?? (await this.closing(session, table, cursor));
      if (closing === null) return { slices: [], next: null };
      if (!(await settled(session, closing, known === null ? 0 : this.settlesWithinMs))) {
        // What the plan ends with is kept: with a new end there would always be new transactions to wait for.
        if (known === null) return { slices: [], next: closing as unknown as JsonObject };
        throw new SluiceError('SOURCE_NOT_READY', {
          detail: `transactions that ran when the read of ${stream} began have not ended`,
          details: { stream },
          retryAt: Date.now() + ASK_AGAIN_MS,
        });
      }
      return {
        slices: (await planWindows(session, table, { cursor, state, upper: closing.upper, sliceBytes: this.sliceBytes })).map(
          toSlice,
        ),
        next: null,
      };
    });
  }

  async *read({
    stream,
    slice,
    position,
    signal,
    accept,
    lines = false,
    snapshot,
  }: {
    stream: string;
    slice: Slice;
    position: Position | null;
    signal: AbortSignal;
    accept?: CopyTarget;
    lines?: boolean;
    snapshot?: string;
  }): AsyncGenerator<Page> {
    const session = await this.sessions.take();
    let clean = false;
    try {
      const table = await this.table(session, stream);
      const at = { spec: specOf(slice), position, snapshot, buffers: this.buffers };
      yield* readSlice(session, { table, cursor: this.cursor(table), ...at, signal, accept, lines });
      clean = true;
    } finally {
      await this.sessions.give(session, { clean });
    }
  }

  complete({ slice, state }: { stream: string; slice: Slice; position: Position | null; state: StreamState }): StreamState {
    const spec = specOf(slice);
    if (spec.kind !== 'window') return state;
    const { kind: _, cursor, order, ...window } = spec;
    return addWindow(progressOf(state, { name: cursor, order }), window) as unknown as JsonObject;
  }

  progress({ state }: { stream: string; state: StreamState; incremental: boolean; now: string }): StateProgress {
    let current = state;
    return {
      add: (slice, position) => {
        current = this.complete({ stream: '', slice, position, state: current });
      },
      state: () => current,
      message: () => current ?? {},
    };
  }

  close(): Promise<void> {
    return this.sessions.close();
  }

  private async hold(stream: string): Promise<HeldSnapshot> {
    const session = await this.sessions.take();
    try {
      const { schema, name } = await this.table(session, stream);
      return await holdSnapshot(session, { schema, name, end: () => this.sessions.give(session, { clean: false }) });
    } catch (error) {
      await this.sessions.give(session, { clean: false });
      throw error;
    }
  }

  private cursor(table: SourceTable): CursorColumn | null {
    return cursorOf(table, this.config);
  }

  /** Errors: UNKNOWN_STREAM, those of reading the catalog. */
  private async named(name: string): Promise<{ name: string; cursor: CursorColumn | null }> {
    try {
      return { name, cursor: this.cursor(await this.sessions.with((session) => this.table(session, name))) };
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'SOURCE_SHAPE_CHANGED') throw error;
      throw new SluiceError('UNKNOWN_STREAM', {
        ...(error.detail !== undefined && { detail: error.detail }),
        details: { stream: name },
        cause: error,
      });
    }
  }

  private async closing(session: PgSession, table: SourceTable, cursor: CursorColumn): Promise<Closing | null> {
    const server = await readServer(session);
    if (server.replica)
      throw new SluiceError('SOURCE_UNSUPPORTED', {
        detail: `${table.stream}: a replica does not tell which transactions still run; read incrementally from the primary`,
      });
    return closeCursor(session, table, { cursor, lagSeconds: this.config.cursor_lag_seconds });
  }

  /** As the catalog was when this source first read of the stream. */
  private table(session: PgSession, stream: string): Promise<SourceTable> {
    const known = this.tables.get(stream) ?? readTable(session, this.config, stream);
    this.tables.set(stream, known);
    known.catch(() => this.tables.delete(stream));
    return known;
  }
}

/** Errors: SOURCE_UNSUPPORTED. */
async function assertServer(session: PgSession): Promise<SourceServer> {
  const server = await readServer(session);
  if (server.version < OLDEST_SERVER)
    throw new SluiceError('SOURCE_UNSUPPORTED', {
      detail: `PostgreSQL 13 or newer is needed, the server is ${Math.floor(server.version / 10_000)}`,
    });
  if (server.encoding === 'SQL_ASCII')
    throw new SluiceError('SOURCE_UNSUPPORTED', {
      detail: 'the database’s encoding is SQL_ASCII: it does not tell which characters its bytes are',
    });
  return server;
}

/** Errors: SOURCE_SHAPE_CHANGED when it is gone, SOURCE_PERMISSION_DENIED. */
async function readTable(session: PgSession, { schemas }: PostgresSourceConfig, stream: string): Promise<SourceTable> {
  const table = (await readTables(session, { schemas, stream })).find((candidate) => candidate.stream === stream);
  if (table === undefined)
    throw new SluiceError('SOURCE_SHAPE_CHANGED', { detail: `there is no table or view ${stream}`, details: { stream } });
  if (!table.readable)
    throw new SluiceError('SOURCE_PERMISSION_DENIED', {
      detail: `GRANT USAGE ON SCHEMA ${table.schema} and SELECT ON TABLE ${table.schema}.${table.name} to the connection’s role`,
      details: { stream },
    });
  return table;
}

async function settled(session: PgSession, closing: Closing, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  while (closing.xmax !== null || closing.startedBy !== null) {
    if (isSettled(closing, await observe(session))) return true;
    if (performance.now() > until) return false;
    await delay(POLL_MS);
  }
  return true;
}
