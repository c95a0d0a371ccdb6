import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { setTimeout as delay } from 'node:timers/promises';
import type { DuckdbConfig } from './config.schema.js';
import { loadDriver, type Driver } from './driver.js';
import { duckdbError } from './duckdb-error.js';
import { installSchema } from './sluice-schema.js';
import { Session } from './session.js';

/** How long the file stays open after its last use: a run's next slice comes at once. Readers and other workers can take it after that. */
const LINGER_MS = 250;
/** How long a file that another process has open is waited for, before DESTINATION_IN_USE says when to come again. */
const PATIENCE_MS = 2_000;
const RETRY_MS = 100;

interface Opened {
  driver: Driver;
  instance: DuckDBInstance;
}

/** A file that this process has open: once, however many use it. DuckDB lets one process at a time have it. */
class SharedFile {
  private users = 0;
  private opened: Promise<Opened> | undefined;
  private closing: NodeJS.Timeout | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly file: string,
    private readonly config: DuckdbConfig,
    private readonly forget: () => void,
  ) {}

  async take(): Promise<{ session: Session; give: () => void }> {
    clearTimeout(this.closing);
    this.users += 1;
    let connection: DuckDBConnection;
    try {
      this.opened ??= this.open();
      const { driver, instance } = await this.opened;
      connection = await instance.connect();
      const session = new Session(driver, connection, (work) => this.turn(work));
      let given = false;
      const give = (): void => {
        if (given) return;
        given = true;
        connection.closeSync();
        this.leave();
      };
      return { session, give };
    } catch (error) {
      this.leave();
      throw duckdbError('opening the DuckDB file', error);
    }
  }

  private leave(): void {
    this.users -= 1;
    if (this.users > 0) return;
    this.closing = setTimeout(() => {
      if (this.users > 0) return;
      this.forget();
      void this.opened?.then(({ instance }) => instance.closeSync()).catch(() => undefined);
    }, LINGER_MS);
  }

  private turn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.last.then(work);
    this.last = mine.catch(() => undefined);
    return mine;
  }

  private async open(): Promise<Opened> {
    try {
      const driver = await loadDriver();
      const instance = await this.openPatiently(driver);
      try {
        const connection = await instance.connect();
        await connection.run(`SET TimeZone = 'UTC'; SET lock_configuration = true`);
        const session = new Session(driver, connection, (work) => this.turn(work));
        await installSchema(session);
        connection.closeSync();
      } catch (error) {
        instance.closeSync();
        throw error;
      }
      return { driver, instance };
    } catch (error) {
      this.opened = undefined;
      throw error;
    }
  }

  private async openPatiently({ DuckDBInstance }: Driver): Promise<DuckDBInstance> {
    const until = Date.now() + PATIENCE_MS;
    for (;;)
      try {
        return await DuckDBInstance.create(this.file, {
          // Nothing is loaded from the network or the file system but this file.
          autoinstall_known_extensions: 'false',
          autoload_known_extensions: 'false',
          enable_external_access: 'false',
          memory_limit: `${this.config.memory_limit_mb}MB`,
          threads: String(this.config.threads),
        });
      } catch (thrown) {
        const error = duckdbError('opening the DuckDB file', thrown);
        if (error.code !== 'DESTINATION_IN_USE' || Date.now() >= until) throw error;
        await delay(RETRY_MS);
      }
  }
}

/** By address: locks hold between processes, so a second instance of one file in this process would not be noticed. */
const FILES = new Map<string, SharedFile>();

/** Takes a session of the file. `give` it back when done. Errors: DESTINATION_IN_USE, DRIVER_MISSING. */
export function takeSession(file: string, config: DuckdbConfig): Promise<{ session: Session; give: () => void }> {
  let shared = FILES.get(file);
  if (!shared) {
    shared = new SharedFile(file, config, () => FILES.delete(file));
    FILES.set(file, shared);
  }
  return shared.take();
}
