import { parseArgs } from 'node:util';

const MODES = ['append', 'upsert'] as const;
export type Mode = (typeof MODES)[number];

export interface BenchOptions {
  suite: 'rest';
  /** Records of the source. Default 200,000. */
  rows: number;
  /** Interleaved repetitions; the medians are reported. Default 5. */
  rounds: number;
  cases: readonly Mode[];
  /** Where the results go as JSON. */
  json: string | undefined;
  /** Compare with dlt too. It is slow, so with fewer records: at most `PEER_ROWS`. */
  peers: boolean;
}

/** Enough that a peer's rate is level, few enough that five rounds of it end within minutes. */
export const PEER_ROWS = 100_000;

export const USAGE = `npm run bench -- rest [--rows N] [--rounds N] [--cases append,upsert] [--no-peers] [--json FILE]`;

/** @throws Error saying which argument is wrong. */
export function benchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    allowNegative: true,
    options: {
      rows: { type: 'string', default: '200000' },
      rounds: { type: 'string', default: '5' },
      cases: { type: 'string', default: MODES.join(',') },
      json: { type: 'string' },
      peers: { type: 'boolean', default: true },
    },
  });
  const [suite, ...more] = positionals;
  if (suite !== 'rest' || more.length > 0) throw new Error(`the suites are: rest; got ${positionals.join(' ') || 'none'}`);
  return {
    suite,
    rows: whole('rows', values.rows, 1_000, 12_000_000),
    rounds: whole('rounds', values.rounds, 1, 100),
    cases: values.cases.split(',').map((name) => {
      const mode = MODES.find((known) => known === name);
      if (mode === undefined) throw new Error(`--cases takes ${MODES.join(', ')}; got ${name}`);
      return mode;
    }),
    json: values.json,
    peers: values.peers,
  };
}

function whole(name: string, text: string, from: number, to: number): number {
  const value = Number(text);
  if (text === '' || !Number.isInteger(value) || value < from || value > to) {
    throw new Error(`--${name} takes a whole number from ${from} to ${to}; got ${text}`);
  }
  return value;
}
