import { createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PlayedProvider } from '../played-provider.js';
import { eventually } from '../eventually.js';

export interface Received {
  path: string;
  id: string;
  headers: IncomingMessage['headers'];
  text: string;
  body: { type: string; timestamp: string; data: Record<string, unknown> };
}

/** What a path answers; `hang`: nothing, ever. */
export type Behaviour = 'hang' | { status: number; headers?: Record<string, string> };

/** Somebody who is told what happens, on this machine; each path behaves as it is told. */
export class Receiver extends PlayedProvider {
  readonly received: Received[] = [];
  /** By path: one a request, the last one stays; default: 204. */
  readonly behaviour = new Map<string, Behaviour[]>();

  static start(): Promise<Receiver> {
    return new Receiver().listen();
  }

  url(path: string): string {
    return `http://${this.host}${path}`;
  }

  at(path: string): Received[] {
    return this.received.filter((one) => one.path === path);
  }

  /** When so many came to a path. */
  async until(path: string, count: number, is: (one: Received) => boolean = () => true): Promise<Received[]> {
    return eventually(
      () => this.at(path).filter(is),
      (found) => found.length >= count,
      { withinMs: 40_000, everyMs: 20 },
    );
  }

  protected handle(request: IncomingMessage, response: ServerResponse, text: string): void {
    const { url: path = '/', headers } = request;
    this.received.push({ path, id: String(headers['webhook-id']), headers, text, body: JSON.parse(text) as Received['body'] });
    const told = this.behaviour.get(path) ?? [];
    const next = told.length > 1 ? told.shift() : told[0];
    if (next === 'hang') return;
    response.writeHead(next?.status ?? 204, next?.headers).end();
  }
}

/** How many of a message's signatures are right for a secret, by the words of the Standard Webhooks specification. */
export function signaturesOf({ headers, text }: Received, secret: string): { right: number; all: number } {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const content = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${text}`;
  const expected = `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
  const given = String(headers['webhook-signature']).split(' ');
  return { right: given.filter((one) => one === expected).length, all: given.length };
}
