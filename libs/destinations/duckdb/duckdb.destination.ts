import type {
  Counts,
  Destination,
  DestinationCapabilities,
  PreparedStream,
  Settle,
  SliceWriter,
  StreamRef,
  StreamTarget,
  SyncRef,
} from '../../contracts/destination.port.js';
import { resolveFile, type DuckdbConfig } from './config.schema.js';
import { takeSession } from './database.js';
import { finishStream } from './finish.js';
import type { OpenRequest } from './open.js';
import { openWriter } from './open-writer.js';
import { prepareStream } from './prepare.js';
import { duckdbQuarantine } from './quarantine.js';
import { duckdbStates } from './states.js';
import { duckdbVerifier } from './verify/duckdb-verifier.js';
import type { Session } from './session.js';
import { fenceStream, inspectStream, releaseSync, resetStream, restartStream } from './streams.js';

export const DUCKDB_CAPABILITIES: DestinationCapabilities = {
  delivery: {
    full_refresh_overwrite: 'exactly_once',
    full_refresh_append: 'exactly_once',
    incremental_append: 'exactly_once',
    incremental_upsert: 'exactly_once',
    scd2: 'exactly_once',
  },
  formats: ['records'],
  writers: 'one_process',
  deletes: true,
  digests: true,
  changes: false,
  childTables: true,
};

/** A DuckDB file, exactly once: checkpoint, ledger and rows are committed together. One process at a time has the file. */
export class DuckdbDestination implements Destination {
  readonly capabilities = DUCKDB_CAPABILITIES;
  readonly states = duckdbStates((work) => this.with(work));
  readonly quarantine = duckdbQuarantine((work) => this.with(work));
  readonly verifier = duckdbVerifier({ with: (work) => this.with(work), take: () => this.take() });

  /** `folder`: where files may lie; absent: nowhere. */
  constructor(
    private readonly config: DuckdbConfig,
    private readonly folder: string | undefined,
  ) {}

  check(): Promise<void> {
    return this.with(() => Promise.resolve());
  }

  prepare(request: { ref: StreamRef; target: StreamTarget; settle?: Settle }): Promise<PreparedStream> {
    return this.with((session) => prepareStream(session, request));
  }

  async open(request: OpenRequest): Promise<SliceWriter> {
    return openWriter(await this.take(), request);
  }

  finish(request: { ref: StreamRef; target: StreamTarget; settle?: Settle }): Promise<void> {
    return this.with((session) => finishStream(session, request));
  }

  fence({ ref }: { ref: StreamRef }): Promise<void> {
    return this.with((session) => fenceStream(session, ref));
  }

  restart(request: { ref: StreamRef; generation: number }): Promise<void> {
    return this.with((session) => restartStream(session, request));
  }

  reset(request: { ref: StreamRef; target: StreamTarget }): Promise<void> {
    return this.with((session) => resetStream(session, request));
  }

  release(ref: SyncRef): Promise<void> {
    return this.with((session) => releaseSync(session, ref));
  }

  inspect({ ref }: { ref: StreamRef }): Promise<Counts> {
    return this.with((session) => inspectStream(session, ref));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async take(): Promise<{ session: Session; give: () => void }> {
    return takeSession(resolveFile(this.config.path, this.folder), this.config);
  }

  private async with<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const { session, give } = await this.take();
    try {
      return await work(session);
    } finally {
      give();
    }
  }
}
