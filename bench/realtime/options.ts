import { parseArgs } from 'node:util';

const CASES = ['actions', 'webhooks', 'outage'] as const;
export type RealtimeCase = (typeof CASES)[number];
export type WebhookCase = Exclude<RealtimeCase, 'actions'>;

export interface RealtimeOptions {
  cases: readonly RealtimeCase[];
  /** How long webhooks come. Default 60. */
  seconds: number;
  /** Webhooks a second. Default 200. */
  rate: number;
  /** Calls of an action in each of its cases. Default 500. */
  calls: number;
  json: string | undefined;
}

export const REALTIME_USAGE = `npm run bench -- realtime [--cases ${CASES.join(',')}] [--calls N] [--seconds N] [--rate N] [--json FILE]`;

/** @throws Error saying which argument is wrong. */
export function realtimeOptions(args: readonly string[]): RealtimeOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ cases: { type: 'string' }, json: { type: 'string' } },
      ...{ seconds: { type: 'string', default: '60' }, rate: { type: 'string', default: '200' } },
      calls: { type: 'string', default: '500' },
    },
  });
  return {
    cases: values.cases === undefined ? CASES : values.cases.split(',').map(known),
    seconds: whole('seconds', values.seconds, 3, 3_600),
    rate: whole('rate', values.rate, 1, 10_000),
    calls: whole('calls', values.calls, 20, 100_000),
    json: values.json,
  };
}

function known(name: string): RealtimeCase {
  const found = CASES.find((one) => one === name);
  if (found === undefined) throw new Error(`--cases takes ${CASES.join(', ')}; got ${name}`);
  return found;
}

function whole(name: string, text: string, from: number, to: number): number {
  const value = Number(text);
  if (text === '' || !Number.isInteger(value) || value < from || value > to)
    throw new Error(`--${name} takes a whole number from ${from} to ${to}; got ${text}`);
  return value;
}
