import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Holds a `numbers` source at one record in every process, so that a test acts while a run is certainly in the middle. */
export class Gate {
  readonly file = join(mkdtempSync(join(tmpdir(), 'sluice-gate-')), 'open');

  /** Until a reader stands before it. */
  async reached(): Promise<void> {
    while (!existsSync(`${this.file}.reached`)) await delay(20);
  }

  open(): void {
    writeFileSync(this.file, '');
  }
}
