/** How the CLI reaches a running launcher, which alone owns the children: HTTP on 127.0.0.1, with the token of stack.json (mode 0600). */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StackError, messageOf } from './stack-error.js';
import type { StackFile } from './stack-file.js';

export interface Controlled {
  restart(name: string): Promise<unknown>;
  /** Begins to stop everything; the launcher's process ends after it. */
  down(): void;
}

export interface ControlServer {
  address: string;
  token: string;
  close(): void;
}

export async function serveControl(target: Controlled): Promise<ControlServer> {
  const token = randomBytes(24).toString('base64url');
  const expected = Buffer.from(`Bearer ${token}`);
  const isAllowed = (header = '') => {
    const given = Buffer.from(header);
    return given.length === expected.length && timingSafeEqual(given, expected);
  };

  const answer = async (method: string | undefined, path: string): Promise<[status: number, message: string]> => {
    const [, action, name = ''] = path.split('/');
    if (method !== 'POST') return [405, 'POST only'];
    if (action === 'restart') {
      await target.restart(decodeURIComponent(name));
      return [200, 'restarted'];
    }
    if (action !== 'down') return [404, `no such action: ${action}`];
    target.down();
    return [202, 'stopping'];
  };

  const server = createServer((request, response) => {
    const reply = (status: number, message: string) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message }));
    if (!isAllowed(request.headers.authorization)) return void reply(401, 'wrong token');
    answer(request.method, request.url ?? '/').then(
      ([status, message]) => reply(status, message),
      (error: unknown) =>
        reply(error instanceof StackError && error.code === 'STACK_UNKNOWN_SERVICE' ? 404 : 500, messageOf(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Asks a running launcher. @throws StackError with the launcher's own words. */
export async function askLauncher(control: NonNullable<StackFile['control']>, path: string): Promise<string> {
  const response = await fetch(`${control.address}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${control.token}` },
  }).catch((error: unknown) => {
    throw new StackError('STACK_NOT_UP', `The launcher does not answer at ${control.address}: ${messageOf(error)}`, {
      cause: error,
    });
  });
  const { message } = (await response.json()) as { message: string };
  if (!response.ok) throw new StackError(response.status === 404 ? 'STACK_UNKNOWN_SERVICE' : 'STACK_SERVICE_FAILED', message);
  return message;
}
