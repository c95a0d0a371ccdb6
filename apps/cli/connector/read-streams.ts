import type { JsonValue } from '../../../libs/contracts/json.js';
import type { Source, StateProgress } from '../../../libs/contracts/source.port.js';
import type { Position, Slice, StreamState } from '../../../libs/contracts/stream.js';
import { SluiceError, toSluiceError } from '../../../libs/errors/index.js';
import type { ConfiguredStream } from './input-files.js';
import { errorLine, failureTypeOf, recordLines, stateLine, statusLine, warningLine } from './protocol.js';
import { recordsOf, rowsOf } from '../../../libs/pipeline/index.js';
import { rowLines } from './row-lines.js';

/** A state may be large (one entry a partition), so it is not written after every slice. */
const STATE_EVERY_MS = 60_000;
/** As often a source may ask to wait before it sends anything; the engine's own retries come before each. */
const WAITS_IN_A_ROW = 5;

export interface Reading {
  source: Source;
  streams: readonly ConfiguredStream[];
  states: ReadonlyMap<string, StreamState>;
  /** ms since the epoch; may stand still. */
  now: () => number;
  /** The longest single wait that the source may ask for; a stream that has to wait longer fails. */
  maxWaitMs: number;
  sleep: (ms: number) => Promise<void>;
  /** Whole lines of the Airbyte protocol; resolves when more may come. */
  write: (lines: string | Buffer) => Promise<void>;
  log: (line: string) => void;
}

/**
 * Reads every stream in turn: slices → pages → state. A stream that fails does not stop the others. Returns the names of those that failed.
 */
export async function readStreams(reading: Reading): Promise<string[]> {
  const failed: string[] = [];
  for (const stream of reading.streams) if (!(await readToItsEnd(reading, stream))) failed.push(stream.name);
  return failed;
}

/** Whether the stream is complete. The state it reached is written in any case. */
async function readToItsEnd(reading: Reading, stream: ConfiguredStream): Promise<boolean> {
  const { now, write, log } = reading;
  const run = new StreamRun(reading, stream);
  await write(statusLine(stream.name, 'STARTED', now()));
  let failure: SluiceError | null = null;
  try {
    await run.read();
  } catch (error) {
    failure = toSluiceError(error);
    log(describe(stream.name, failure, error));
    await write(errorLine(stream.name, { message: failure.message, failureType: failureTypeOf(failure) }, now()));
  }
  await run.writeState();
  await write(statusLine(stream.name, failure === null ? 'COMPLETE' : 'INCOMPLETE', now()));
  return failure === null;
}

/** A defect of ours keeps its cause, which is for us. */
function describe(stream: string, failure: SluiceError, thrown: unknown): string {
  const cause = failure.code === 'INTERNAL' && thrown instanceof Error ? `\n${thrown.stack ?? thrown.message}` : '';
  const seen = failure.evidence === undefined ? '' : `\n${failure.evidence}`;
  return `stream ${stream} failed: ${failure.code}: ${failure.message}${seen}${cause}`;
}

/** One stream on its way. */
class StreamRun {
  private readonly begun = performance.now();
  private readonly at: string;
  private readonly progress: StateProgress;
  private whole = false;
  private running = false;
  /** Since the last state. */
  private records = 0;
  private stateAt = performance.now();
  private waits = 0;
  private readonly warned = new Set<string>();
  /** The first slice's that failed alone. */
  private failure: SluiceError | null = null;
  private readonly signal = new AbortController().signal;

  constructor(
    private readonly reading: Reading,
    private readonly stream: ConfiguredStream,
  ) {
    this.at = new Date(reading.now()).toISOString();
    this.progress = reading.source.progress({ ...this.plan });
  }

  private get plan() {
    const { name: stream, incremental } = this.stream;
    return { stream, incremental, state: incremental ? (this.reading.states.get(stream) ?? null) : null, now: this.at };
  }

  async read(): Promise<void> {
    const { source } = this.reading;
    let after: JsonValue | null = null;
    do {
      const page = await this.patiently(() => source.slices({ ...this.plan, after }));
      for (const slice of page.slices) await this.readSlice(slice).catch((error: unknown) => this.keepFailure(error));
      after = page.next;
    } while (after !== null);
    if (this.failure !== null) throw this.failure;
    this.whole = true;
  }

  async writeState(): Promise<void> {
    const seconds = (performance.now() - this.begun) / 1_000;
    const state = this.progress.message({ whole: this.whole, seconds });
    await this.reading.write(stateLine(this.stream.name, state, this.records));
    this.records = 0;
    this.stateAt = performance.now();
  }

  private async readSlice(slice: Slice): Promise<void> {
    const { source, now, write } = this.reading;
    const { name: stream } = this.stream;
    let position: Position | null = null;
    // One reader goes on here, whatever it waited for: a position holds even where an interrupted run would have to begin the slice anew.
    await this.patiently(async () => {
      for await (const page of source.read({ stream, slice, position, signal: this.signal, json: true })) {
        const records = rowsOf(page);
        if (records > 0) {
          if (!this.running) await write(statusLine(stream, 'RUNNING', now()));
          this.running = true;
          this.records += records;
          await write(page.format === 'json' ? rowLines(stream, page.rows, now()) : recordLines(stream, recordsOf(page), now()));
        }
        for (const words of page.warnings ?? []) await this.warn(words);
        // A part of a page has none: what waits there is read again.
        position = page.position ?? position;
        this.waits = 0;
      }
    });
    this.progress.add(slice, position);
    if (performance.now() - this.stateAt > STATE_EVERY_MS) await this.writeState();
  }

  private async warn(words: string): Promise<void> {
    if (this.warned.has(words)) return;
    this.warned.add(words);
    await this.reading.write(warningLine(`stream ${this.stream.name}, ${words}`));
  }

  /** As in Airbyte, a job that fails does not stop the others: the stream fails in the end. */
  private keepFailure(error: unknown): void {
    if (!(error instanceof SluiceError) || error.code !== 'SOURCE_JOB_FAILED') throw error;
    this.failure ??= error;
    this.reading.log(describe(this.stream.name, error, error));
  }

  /** Tries again after a wait that the source asked for and that is longer than the engine itself waits. */
  private async patiently<Result>(work: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof SluiceError) || error.kind !== 'rate_limited' || error.retryAt === undefined) throw error;
        // The manifest's own tries are used up.
        if (error.details['gave_up'] === true) throw error;
        const waitMs = Math.max(0, error.retryAt - this.reading.now());
        if (waitMs > this.reading.maxWaitMs || ++this.waits > WAITS_IN_A_ROW) throw error;
        this.reading.log(`stream ${this.stream.name}: the source asks to wait ${Math.ceil(waitMs / 1_000)} s`);
        await this.reading.sleep(waitMs);
      }
    }
  }
}
