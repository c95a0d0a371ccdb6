import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { readText, writeAtomically } from './home.js';

/**
 * Below every system's range for outgoing connections (Linux: from 32768). A port of that range can be taken by any client while its
 * server is restarted, and a client that keeps reconnecting to it can even connect to itself.
 */
const FIRST_PORT = 15_000;
const LAST_PORT = 32_000;

const isFree = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });

/** Ports of one home, the same at every start as long as nobody else took them: bookmarks and curl lines stay right. */
export class Ports {
  private readonly file: string;
  private readonly kept: Record<string, number>;

  constructor(home: string) {
    this.file = join(home, 'ports.json');
    this.kept = JSON.parse(readText(this.file) ?? '{}') as Record<string, number>;
  }

  /** A port for this purpose that is free on 127.0.0.1 right now. */
  async get(purpose: string): Promise<number> {
    const before = this.kept[purpose];
    if (before !== undefined && (await isFree(before))) return before;
    for (;;) {
      const port = randomInt(FIRST_PORT, LAST_PORT);
      if (Object.values(this.kept).includes(port) || !(await isFree(port))) continue;
      this.kept[purpose] = port;
      writeAtomically(this.file, JSON.stringify(this.kept));
      return port;
    }
  }
}
