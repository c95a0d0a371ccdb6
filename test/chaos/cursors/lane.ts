import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { JsonValue } from '../../../libs/contracts/json.js';
import type { Slice, SourceRecord, StreamState } from '../../../libs/contracts/stream.js';
import { recordsOf } from '../../../libs/pipeline/index.js';
import { parsePostgresSourceConfig, PostgresSource } from '../../../libs/sources/postgres/index.js';
import { LAG_MS, TIE_MS, WRITERS, type Step } from './interleaving.js';

const STREAMS = ['timed', 'counted'] as const;
type Stream = (typeof STREAMS)[number];
/** Keys of an interleaving: `interleaving × 1000 + writer × 100 + row`. */
const KEYS = 1_000;
const KEYS_OF_WRITER = 100;

/** What a reader has: the last version of each row that it met. */
interface Reader {
  state: StreamState;
  after: JsonValue | null;
  versions: Map<number, number>;
}

export interface Played {
  /** Rows whose last version the source never gave. */
  missed: number[];
  /** Rows that a reader of everything above its greatest cursor would have missed: what the interleaving is worth. */
  missedByGreatest: number;
  rows: number;
}

/**
 * A database with two tables (a time and a sequence as cursors), writers, and readers that go on from one interleaving to the next, as runs of a
 * sync do. Other transactions of the database would be waited for, so what plays at the same time has a database of its own.
 */
export class Lane {
  private readonly readers: Record<Stream, Reader> = { timed: newReader(), counted: newReader() };
  private readonly greatest: Record<Stream, { value: string | null; versions: Map<number, number> }> = {
    timed: { value: null, versions: new Map() },
    counted: { value: null, versions: new Map() },
  };
  private version = 0;

  private constructor(
    private readonly source: PostgresSource,
    private readonly writers: readonly pg.Client[],
    private readonly looker: pg.Client,
  ) {}

  static async open(databaseUrl: string): Promise<Lane> {
    const url = new URL(databaseUrl);
    const connect = async (): Promise<pg.Client> => {
      const client = new pg.Client({ connectionString: databaseUrl });
      client.on('error', () => undefined);
      await client.connect();
      await client.query('SET synchronous_commit = off');
      return client;
    };
    const looker = await connect();
    await looker.query(`
      CREATE SEQUENCE changes;
      CREATE TABLE timed (id int PRIMARY KEY, version int NOT NULL, at timestamptz NOT NULL);
      CREATE TABLE counted (id int PRIMARY KEY, version int NOT NULL, at bigint NOT NULL);
      CREATE INDEX ON timed (at); CREATE INDEX ON counted (at)`);
    const writers = await Promise.all(Array.from({ length: WRITERS }, connect));
    const config = parsePostgresSourceConfig({
      ...{ host: url.hostname, port: Number(url.port), database: url.pathname.slice(1), user: decodeURIComponent(url.username) },
      ...{
        password: decodeURIComponent(url.password),
        cursors: { timed: 'at', counted: 'at' },
        cursor_lag_seconds: LAG_MS / 1_000,
      },
    });
    return new Lane(new PostgresSource({ config, settlesWithinMs: 0 }), writers, looker);
  }

  async close(): Promise<void> {
    await this.source.close();
    await Promise.all([...this.writers, this.looker].map((client) => client.end()));
  }

  async play(number: number, steps: readonly Step[]): Promise<Played> {
    for (const step of steps) await this.take(number, step);
    // What is still below the lag, or ahead of the clock, has to come in time.
    await delay(2 * LAG_MS + TIE_MS + 2);
    // A plan that waited has an earlier end: it is carried out, and then one that has everything below its own.
    do await this.read();
    while (this.readers.counted.after !== null);
    do await this.read();
    while (this.readers.counted.after !== null);
    return this.compare(number);
  }

  private async take(number: number, step: Step): Promise<void> {
    switch (step.kind) {
      case 'begin':
      case 'commit':
      case 'rollback':
        await this.writers[step.writer]?.query(step.kind);
        return;
      case 'write':
        await this.write(number * KEYS + step.writer * KEYS_OF_WRITER + step.row, step);
        return;
      case 'read':
        await this.read();
        return;
      case 'pause':
        await delay(step.ms);
        return;
      default: {
        const never: never = step;
        throw new Error(`unknown step ${String(never)}`);
      }
    }
  }

  private async write(id: number, { writer, clock, skewMs }: Extract<Step, { kind: 'write' }>): Promise<void> {
    const tied = (value: string): string =>
      `to_timestamp(floor(extract(epoch FROM ${value}) * ${1_000 / TIE_MS}) / ${1_000 / TIE_MS})`;
    const values = {
      now: 'now()',
      clock: 'clock_timestamp()',
      behind: tied(`now() - interval '${skewMs.toFixed(3)} ms'`),
      ahead: tied(`now() + interval '${(skewMs + TIE_MS).toFixed(3)} ms'`),
      sequence: `nextval('changes')`,
    };
    const table = clock === 'sequence' ? 'counted' : 'timed';
    // A clock that goes back must not make a row older than it was: that is no new version by the cursor's own rule.
    await this.writers[writer]?.query(
      `INSERT INTO ${table} AS t VALUES ($1, $2, ${values[clock]})
       ON CONFLICT (id) DO UPDATE SET version = excluded.version, at = excluded.at WHERE excluded.at >= t.at`,
      [id, (this.version += 1)],
    );
  }

  private async read(): Promise<void> {
    for (const stream of STREAMS) {
      await this.readNew(stream);
      await this.readAboveGreatest(stream);
    }
  }

  /** As the runs of a sync: plan, read, complete. A plan that has to wait is asked again at the next read. */
  private async readNew(stream: Stream): Promise<void> {
    const reader = this.readers[stream];
    const request = { stream, state: reader.state, now: new Date().toISOString(), incremental: true, after: reader.after };
    const page = await this.source.slices(request).catch((error: unknown) => {
      if ((error as { code?: string }).code === 'SOURCE_NOT_READY') return null;
      throw error;
    });
    if (page === null) return;
    reader.after = page.next;
    for (const slice of page.slices) {
      for (const record of await this.records(stream, slice)) keep(reader.versions, record);
      reader.state = this.source.complete({ stream, slice, position: null, state: reader.state });
    }
  }

  private async records(stream: Stream, slice: Slice): Promise<SourceRecord[]> {
    const records: SourceRecord[] = [];
    const { signal } = new AbortController();
    for await (const page of this.source.read({ stream, slice, position: null, signal })) records.push(...recordsOf(page));
    return records;
  }

  private async readAboveGreatest(stream: Stream): Promise<void> {
    const reader = this.greatest[stream];
    const { rows } = await this.looker.query<{ id: number; version: number; at: string }>(
      `SELECT id, version, at::text FROM ${stream} WHERE $1::text IS NULL OR at > $1::text::${stream === 'timed' ? 'timestamptz' : 'bigint'} ORDER BY at`,
      [reader.value],
    );
    for (const row of rows) keep(reader.versions, row);
    reader.value = rows.at(-1)?.at ?? reader.value;
  }

  private async compare(number: number): Promise<Played> {
    const played: Played = { missed: [], missedByGreatest: 0, rows: 0 };
    for (const stream of STREAMS) {
      const { rows } = await this.looker.query<{ id: number; version: number }>(
        `SELECT id, version FROM ${stream} WHERE id BETWEEN $1 AND $2`,
        [number * KEYS, number * KEYS + KEYS - 1],
      );
      for (const { id, version } of rows) {
        played.rows += 1;
        if (this.readers[stream].versions.get(id) !== version) played.missed.push(id);
        if (this.greatest[stream].versions.get(id) !== version) played.missedByGreatest += 1;
      }
      for (const model of [this.readers[stream].versions, this.greatest[stream].versions]) model.clear();
    }
    return played;
  }
}

const newReader = (): Reader => ({ state: null, after: null, versions: new Map() });

/** As an upsert by cursor: reads come in the order of commits, so the later version stays. */
function keep(versions: Map<number, number>, { id, version }: SourceRecord): void {
  versions.set(Number(id), Math.max(versions.get(Number(id)) ?? 0, Number(version)));
}
