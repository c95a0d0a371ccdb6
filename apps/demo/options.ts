import { parseArgs } from 'node:util';

export interface DemoOptions {
  /** Exit when the table is shown: 0 only if it is right. Default: stay up until Ctrl-C. */
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
  const { values } = parseArgs({
    args: [...args],
    options: { once: { type: 'boolean', default: false }, rows: { type: 'string', default: String(DEFAULT_ROWS) } },
  });
  const rows = Number(values.rows);
  if (!Number.isInteger(rows) || rows < 1_000 || rows > MAX_ROWS)
    throw new Error(`--rows takes a whole number from 1000 to ${MAX_ROWS}; got ${values.rows}`);
  return { once: values.once, rows, pace: Math.ceil(rows / PACED_SECONDS) };
}
