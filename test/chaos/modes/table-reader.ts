import type { Warehouse } from '../warehouse.js';
import { pause } from '../wait.js';
import type { Versions } from './change-shop.js';

const EVERY_MS = 50;

/** Somebody who reports from the table while it is being replaced. */
export class TableReader {
  private readonly seen = new Map<string, number>();
  private going = true;
  private readonly reading: Promise<void>;

  constructor(
    private readonly warehouse: Warehouse,
    private readonly table: string,
  ) {
    this.reading = this.read();
  }

  /** @returns what it saw that it should not have seen; and that it saw nothing of the old data, which would prove nothing. */
  async end(versions: Versions): Promise<string[]> {
    this.going = false;
    await this.reading;
    const wrong = [...this.seen].filter(([what]) => what !== versions.old && what !== versions.new);
    const problems = wrong.map(
      ([what, times]) =>
        `a reader saw ${what} (${times} times): neither the old data ${versions.old} nor the new ${versions.new}`,
    );
    return this.seen.has(versions.old) ? problems : [...problems, 'the reader never saw the old data'];
  }

  private async read(): Promise<void> {
    while (this.going) {
      const seen = await this.warehouse.versionOf(this.table).catch((error: Error) => `an error (${error.message})`);
      this.seen.set(seen, (this.seen.get(seen) ?? 0) + 1);
      await pause(EVERY_MS);
    }
  }
}
