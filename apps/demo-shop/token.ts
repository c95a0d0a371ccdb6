import type { IncomingMessage } from 'node:http';

/** The named header, or a bearer token. */
export function tokenOf(request: IncomingMessage, header: string): string | undefined {
  const own = request.headers[header];
  if (typeof own === 'string') return own;
  return /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
}
