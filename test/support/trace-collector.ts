import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CollectedSpan {
  trace: string;
  id: string;
  parent: string | undefined;
  name: string;
}

/** As OTLP's protobuf lays a Span out: trace_id, span_id, trace_state, parent_span_id, flags, name. */
// eslint-disable-next-line no-control-regex -- these are a message's bytes
const SPAN = /\x0a\x10([^]{16})\x12\x08([^]{8})(?:\x1a\x00)?(?:\x22\x08([^]{8}))?(?:\x85\x01[^]{4})?\x2a([\x01-\x7f])/g;

/** A collector that takes traces by OTLP over HTTP and keeps them. */
export class TraceCollector {
  /** Everything that was sent, for looking for what should not be there. */
  readonly bodies: string[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<TraceCollector> {
    const server = createServer();
    const collector = new TraceCollector(server);
    server.on('request', (request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        collector.bodies.push(Buffer.concat(pieces).toString('latin1'));
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get spans(): CollectedSpan[] {
    const hex = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('hex');
    return this.bodies.flatMap((body) =>
      [...body.matchAll(SPAN)].map((match) => {
        const [whole, trace = '', id = '', parent, length = ''] = match;
        const start = match.index + whole.length;
        return {
          trace: hex(trace),
          id: hex(id),
          parent: parent === undefined ? undefined : hex(parent),
          name: body.slice(start, start + length.charCodeAt(0)),
        };
      }),
    );
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }
}
