import type { ServerResponse } from 'node:http';
import { bodyLength, json, type Answer } from './answer.js';
import type { FaultRule } from './faults.js';

export function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, { ...answer.headers, 'content-length': bodyLength(answer) });
  // Corked, the head and all parts of the body leave in one write.
  response.cork();
  for (const part of answer.body) response.write(part);
  response.end();
  response.uncork();
}

/** Answers in the way of the fault; the statuses, and the delay of `slow`, were dealt with before. Returns whether it was spoiled. */
export function sendSpoiled(response: ServerResponse, answer: Answer, { kind, delayMs, headers }: FaultRule): boolean {
  switch (kind) {
    case 'status':
    case 'refuse_cursor':
    case 'slow':
      send(response, answer);
      return false;
    case 'retire':
      send(response, { ...answer, headers: { ...answer.headers, ...headers } });
      return false;
    case 'drift':
      send(response, drifted(answer));
      return false;
    case 'bad_json':
      send(response, { ...answer, body: [half(answer)] });
      return true;
    case 'wrong_shape':
      send(response, json(200, { status: 'ok', result: { data: 'see the new documentation' } }));
      return true;
    case 'reset':
      sendHalf(response, answer, () => response.socket?.resetAndDestroy());
      return true;
    case 'truncate':
      sendHalf(response, answer, () => response.socket?.end());
      return true;
    case 'hang':
      if (delayMs > 0) after(response, delayMs, () => response.socket?.resetAndDestroy());
      return true;
  }
}

/** Runs `then` in `ms`, unless the client has gone by then. */
export function after(response: ServerResponse, ms: number, then: () => void): void {
  const timer = setTimeout(then, ms);
  response.once('close', () => clearTimeout(timer));
}

/** The records of another version of the API. */
function drifted(answer: Answer): Answer {
  const body = JSON.parse(Buffer.concat(answer.body).toString()) as Record<string, unknown>;
  const change = (record: Record<string, unknown>): Record<string, unknown> => ({
    ...record,
    ...{ channel: 'web', id: String(record['id']) },
    ...('status' in record ? { status: 'returned' } : {}),
  });
  const records = body['data'];
  const next = Array.isArray(records) ? { ...body, data: records.map(change) } : change(body);
  return { ...answer, body: [Buffer.from(JSON.stringify(next))] };
}

const half = (answer: Answer): Buffer => {
  const all = Buffer.concat(answer.body);
  return all.subarray(0, Math.ceil(all.length / 2));
};

function sendHalf(response: ServerResponse, answer: Answer, then: () => void): void {
  response.writeHead(answer.status, { ...answer.headers, 'content-length': bodyLength(answer) });
  response.write(half(answer), then);
}
