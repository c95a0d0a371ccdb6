import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface RecordedServer {
  port: number;
  /** SIGSTOP: requests wait; SIGCONT: they are answered. */
  signal: (name: 'SIGSTOP' | 'SIGCONT') => void;
  /** Resolves when it has ended, and its log is whole. */
  stop: () => Promise<void>;
}

/** Plays a case's recorded answers on a free port of 127.0.0.1 with the corpus' own server, and logs the requests to `log`. */
export async function startRecordedServer(request: {
  corpus: string;
  folder: string;
  run: number;
  log: string;
}): Promise<RecordedServer> {
  const port = await freePort();
  const args = [join(request.corpus, 'server.mjs'), request.folder, '--port', String(port)];
  const child = spawn(process.execPath, [...args, '--run', String(request.run), '--log', request.log], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let words = '';
  child.stderr.on('data', (text: Buffer) => (words = `${words}${text.toString()}`.slice(-500)));
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  await new Promise<void>((ready, fail) => {
    child.stdout.on('data', (text: Buffer) => text.includes('listening') && ready());
    child.once('error', fail);
    child.once('exit', () => fail(new Error(`the recorded server did not start: ${words}`)));
  });
  return {
    port,
    signal: (name) => void child.kill(name),
    async stop() {
      child.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
