import { SluiceError } from '../errors/index.js';

/** Where a relay says what keeps it from its work. */
export type RelayLog = (level: 'info' | 'warn', message: string, facts: Record<string, string>) => void;

export interface RelayLoopOptions {
  /** One look: whether there may be more at once. What it throws is trouble. */
  pass: () => Promise<boolean>;
  /** Between looks, in ms, when nobody rings. */
  everyMs: number;
  /** Between looks while there is trouble, in ms; nobody's ring makes it shorter. Default: `everyMs`. */
  troubleEveryMs?: number;
  /** Told once when there is trouble, and once when it is over. */
  log: RelayLog;
  words: { trouble: string; over: string };
}

/** Looks for work again and again, until it is stopped. */
export class RelayLoop {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private wakeUp: (() => void) | undefined;
  private rung = false;
  private trouble = false;

  constructor(private readonly options: RelayLoopOptions) {}

  /** Aborts when the loop is to end. */
  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  get inTrouble(): boolean {
    return this.trouble;
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Resolves when the look that is under way has ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wakeUp?.();
    await this.running;
  }

  /** There is something to do: whoever is away is not called more often because of that. */
  ring(): void {
    this.rung = true;
    if (!this.trouble) this.wakeUp?.();
  }

  /** Says that there is trouble, or with undefined that there is none. */
  settle(error: unknown): void {
    const { log, words } = this.options;
    if (error === undefined && this.trouble) log('info', words.over, {});
    if (error !== undefined && !this.trouble) {
      const code = error instanceof SluiceError ? error.code : error instanceof Error ? error.name : typeof error;
      log('warn', words.trouble, { code });
    }
    this.trouble = error !== undefined;
  }

  private async run(): Promise<void> {
    const { everyMs, troubleEveryMs = everyMs } = this.options;
    while (!this.signal.aborted) {
      this.rung = false;
      const more = await this.look();
      if (this.trouble) await this.rest(troubleEveryMs);
      else if (!more && !this.rung) await this.rest(everyMs);
    }
  }

  private async look(): Promise<boolean> {
    try {
      return await this.options.pass();
    } catch (error) {
      this.settle(error);
      return false;
    }
  }

  private rest(ms: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.wakeUp = () => {
        clearTimeout(timer);
        done();
      };
      if (this.signal.aborted) this.wakeUp();
    });
  }
}
