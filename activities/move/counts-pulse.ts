import type { Counts } from '../../libs/contracts/destination.port.js';

/** How old the counts that the API shows may be while a run works. */
const EVERY_MS = 2_000;

/** Refreshes the shown counts on a timer, one refresh at a time. Counts are for the eye: that they cannot be read fails nothing. */
export class CountsPulse {
  private running: Promise<Counts | null> | undefined;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly refresh: () => Promise<Counts>) {
    this.timer = setInterval(() => void this.beat(), EVERY_MS);
  }

  /** Refreshes once more; records read so far, null when the ledger could not be asked. */
  async last(): Promise<number | null> {
    this.close();
    await this.running;
    return (await this.beat())?.read ?? null;
  }

  close(): void {
    clearInterval(this.timer);
  }

  private beat(): Promise<Counts | null> {
    this.running ??= this.refresh()
      .catch(() => null)
      .finally(() => (this.running = undefined));
    return this.running;
  }
}
