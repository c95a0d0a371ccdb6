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
import { checkDestination } from './check.js';
import type { PostgresConfig } from './config.schema.js';
import { fenceStream } from './fence.js';
import { finishStream } from './finish.js';
import { inspectStream } from './inspect.js';
import { installSchema } from './install-schema.js';
import { LayoutCache } from './layout.js';
import type { OpenRequest } from './open-slice.js';
import { openWriter } from './open-writer.js';
import { postgresOutbox } from './outbox.js';
import { prepareStream } from './prepare.js';
import { postgresStates } from './states.js';
import { postgresQuarantine } from './quarantine.js';
import { refreshStatistics } from './refresh-statistics.js';
import { releaseSync } from './release.js';
import { resetStream } from './reset.js';
import { restartStream } from './restart.js';
import { DEFAULT_TIMEOUTS, type EgressCheck, type Session, type SessionTimeouts } from './session.js';
import { postgresVerifier } from './verify/postgres-verifier.js';
import { SessionPool } from './session-pool.js';
import type { SessionStore } from './session-store.js';

export interface PostgresDestinationOptions {
  config: PostgresConfig;
  /** Refuses addresses; see libs/egress. Absent: every address is allowed. */
  egress?: EgressCheck;
  timeouts?: Partial<SessionTimeouts>;
  /** Shown in pg_stat_activity. Default `sluice`. */
  applicationName?: string;
  /** What this process's destinations share; absent: this one keeps to itself. */
  sessions?: SessionStore;
}

export const POSTGRES_CAPABILITIES: DestinationCapabilities = {
  delivery: {
    full_refresh_overwrite: 'exactly_once',
    full_refresh_append: 'exactly_once',
    incremental_append: 'exactly_once',
    incremental_upsert: 'exactly_once',
    scd2: 'exactly_once',
  },
  formats: ['records', 'json', 'copy_lines', 'copy_binary', 'copy_text'],
  writers: 'many_processes',
  deletes: true,
  digests: true,
  changes: true,
  childTables: true,
};

/** PostgreSQL 13 or newer, exactly once: checkpoint, ledger and rows are committed together. */
export class PostgresDestination implements Destination {
  readonly capabilities = POSTGRES_CAPABILITIES;
  readonly states = postgresStates((work) => this.withSchema(work));
  readonly quarantine = postgresQuarantine((work) => this.withSchema(work));
  readonly outbox = postgresOutbox((work) => this.withSchema(work));
  readonly verifier = postgresVerifier((work) => this.withSchema(work), { pool: () => this.pool, timeouts: () => this.timeouts });
  private readonly pool: SessionPool;
  private readonly timeouts: SessionTimeouts;
  private readonly layouts = new LayoutCache();
  private installed: Promise<void> | undefined;

  constructor({ config, egress, timeouts, applicationName = 'sluice', sessions }: PostgresDestinationOptions) {
    this.timeouts = { ...DEFAULT_TIMEOUTS, ...timeouts };
    this.pool = new SessionPool({ config, timeouts: this.timeouts, egress, applicationName }, sessions);
  }

  check(): Promise<void> {
    return this.pool.with((first) => this.pool.with((second) => checkDestination(first, second)));
  }

  prepare(request: { ref: StreamRef; target: StreamTarget; settle?: Settle }): Promise<PreparedStream> {
    return this.withSchema((session) => prepareStream(session, this.timeouts, request));
  }

  async open(request: OpenRequest): Promise<SliceWriter> {
    return openWriter(this.pool, { timeouts: this.timeouts, layouts: this.layouts }, request);
  }

  finish(request: { ref: StreamRef; target: StreamTarget; settle?: Settle }): Promise<void> {
    return this.withSchema((session) => finishStream(session, this.timeouts, request));
  }

  refreshStatistics(request: { ref: StreamRef; target: StreamTarget }): Promise<boolean> {
    return this.withSchema((session) => refreshStatistics(session, request));
  }

  fence({ ref }: { ref: StreamRef }): Promise<void> {
    return this.withSchema((session) => fenceStream(session, ref));
  }

  restart(request: { ref: StreamRef; generation: number }): Promise<void> {
    return this.withSchema((session) => restartStream(session, request));
  }

  reset(request: { ref: StreamRef; target: StreamTarget }): Promise<void> {
    return this.withSchema((session) => resetStream(session, request));
  }

  release(ref: SyncRef): Promise<void> {
    return this.withSchema((session) => releaseSync(session, ref));
  }

  inspect({ ref }: { ref: StreamRef }): Promise<Counts> {
    return this.withSchema((session) => inspectStream(session, ref));
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  private withSchema<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.pool.with(async (session) => {
      this.installed ??= installSchema(session);
      await this.installed.catch((error: unknown) => {
        this.installed = undefined;
        throw error;
      });
      return work(session);
    });
  }
}
