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

const CONNECTOR_CASES = ['bulk', 'bulk-transform'] as const;
export type ConnectorCase = (typeof CONNECTOR_CASES)[number];

export interface ConnectorsBenchOptions {
  suite: 'connectors';
  /** Records that are read. Default 100,000. */
  rows: number;
  rounds: number;
  cases: readonly ConnectorCase[];
  json: string | undefined;
  /** Compare with Airbyte's own engine too. */
  peers: boolean;
}

export const USAGE = `npm run bench -- rest [--rows N] [--rounds N] [--cases append,upsert] [--no-peers] [--json FILE]
npm run bench -- connectors [--rows N] [--rounds N] [--cases bulk,bulk-transform] [--no-peers] [--json FILE]`;

/** @throws Error saying which argument is wrong. */
export function benchOptions(args: readonly string[]): BenchOptions | ConnectorsBenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    allowNegative: true,
    options: {
      rows: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      cases: { type: 'string' },
      json: { type: 'string' },
      peers: { type: 'boolean', default: true },
    },
  });
  const [suite, ...more] = positionals;
  if ((suite !== 'rest' && suite !== 'connectors') || more.length > 0)
    throw new Error(`the suites are: rest, connectors; got ${positionals.join(' ') || 'none'}`);
  const shared = {
    rows: whole('rows', values.rows ?? (suite === 'rest' ? '200000' : '100000'), 1_000, 12_000_000),
    rounds: whole('rounds', values.rounds, 1, 100),
    json: values.json,
    peers: values.peers,
  };
  return suite === 'rest'
    ? { suite, ...shared, cases: chosen(values.cases, MODES) }
    : { suite, ...shared, cases: chosen(values.cases, CONNECTOR_CASES) };
}

function chosen<Name extends string>(text: string | undefined, known: readonly Name[]): readonly Name[] {
  if (text === undefined) return known;
  return text.split(',').map((name) => {
    const found = known.find((one) => one === name);
    if (found === undefined) throw new Error(`--cases takes ${known.join(', ')}; got ${name}`);
    return found;
  });
}

function whole(name: string, text: string, from: number, to: number): number {
  const value = Number(text);
  if (text === '' || !Number.isInteger(value) || value < from || value > to) {
    throw new Error(`--${name} takes a whole number from ${from} to ${to}; got ${text}`);
  }
  return value;
}
