import { parseArgs } from 'node:util';

const PARTS = ['all', 'sync', 'scenarios'] as const;

export interface DemoOptions {
  /** `sync`: one sync, its worker killed. `scenarios`: what happens at once between systems. Default: both. */
  part: (typeof PARTS)[number];
  /** Exit when everything is shown: 0 only if it is right. Default: stay up until Ctrl-C. */
  once: boolean;
  /** Records of the stream. Default 200,000. */
  rows: number;
  /** Records per second that the shop hands out, so that there is something to watch: rows over 25 s. */
  pace: number;
}

const DEFAULT_ROWS = 200_000;
const MAX_ROWS = 5_000_000;
const PACED_SECONDS = 25;

/** @throws Error saying which argument is wrong. */
export function demoOptions(args: readonly string[]): DemoOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { once: { type: 'boolean', default: false }, rows: { type: 'string', default: String(DEFAULT_ROWS) } },
  });
  const rows = Number(values.rows);
  if (!Number.isInteger(rows) || rows < 1_000 || rows > MAX_ROWS)
    throw new Error(`--rows takes a whole number from 1000 to ${MAX_ROWS}; got ${values.rows}`);
  const part = PARTS.find((name) => name === (positionals[0] ?? 'all'));
  if (part === undefined || positionals.length > 1)
    throw new Error(`the demo has the parts ${PARTS.join(', ')}; got ${positionals.join(' ')}`);
  return { part, once: values.once, rows, pace: Math.ceil(rows / PACED_SECONDS) };
}
