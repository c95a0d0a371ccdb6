import { parseArgs } from 'node:util';

/** What each suite measures, and with how many records of the source by default. */
const SUITES = {
  rest: { rows: 200_000, cases: ['append', 'upsert'] },
  connectors: { rows: 100_000, cases: ['bulk', 'bulk-transform'] },
  streams: { rows: 100_000, cases: ['streams'] },
  pg: { rows: 1_000_000, cases: ['full', 'upsert', 'mapped'] },
  wide: { rows: 50_000, cases: ['append', 'upsert'] },
  latency: { rows: 1_000_000, cases: ['latency'] },
  unchanged: { rows: 200_000, cases: ['unchanged'] },
  memory: { rows: 10_000_000, cases: ['memory'] },
  digest: { rows: 200_000, cases: ['append', 'upsert'] },
} as const;
type SuiteName = keyof typeof SUITES;
const NAMES = Object.keys(SUITES) as SuiteName[];

export type Mode = (typeof SUITES)['rest']['cases'][number];
export type ConnectorCase = (typeof SUITES)['connectors']['cases'][number];

export type PgCase = (typeof SUITES)['pg']['cases'][number];

export interface SuiteOptions<Name extends SuiteName> {
  suite: Name;
  /** Records of the source. */
  rows: number;
  /** Interleaved repetitions; the medians are reported. Default 5. */
  rounds: number;
  /** Default: all of the suite. */
  cases: readonly (typeof SUITES)[Name]['cases'][number][];
  /** Where the results go as JSON. */
  json: string | undefined;
  /** Measure others' tools too, where they can be had. */
  peers: boolean;
  /** Records that they get, at most those of the source: over the API's pages, and in one file. */
  peerRows: { paged: number; file: number };
}
/** What a suite is given. */
export interface SuiteRequest<Name extends SuiteName> {
  options: SuiteOptions<Name>;
  /** Of the checkout. */
  root: string;
  say: (line: string) => void;
}
export type BenchOptions = { [Name in SuiteName]: SuiteOptions<Name> }[SuiteName];

/** Peers are slow, and get fewer records: enough that a peer's rate is level, few enough that five rounds of them end within minutes. */
const PEER_ROWS = { paged: 100_000, file: 200_000 };

const MOST_ROWS = 12_000_000;

export const USAGE = NAMES.map(
  (name) =>
    `npm run bench -- ${name} [--rows N] [--rounds N] [--cases ${SUITES[name].cases.join(',')}] [--no-peers]${name === 'rest' ? ' [--peer-rows N]' : ''} [--json FILE]`,
).join('\n');

/** @throws Error saying which argument is wrong. */
export function benchOptions(args: readonly string[]): BenchOptions {
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
      'peer-rows': { type: 'string' },
    },
  });
  const suite = NAMES.find((name) => name === positionals[0]);
  if (suite === undefined || positionals.length > 1)
    throw new Error(`the suites are: ${NAMES.join(', ')}; got ${positionals.join(' ') || 'none'}`);
  const peerRows = values['peer-rows'];
  if (peerRows !== undefined && suite !== 'rest') throw new Error(`--peer-rows is of the suite rest; got ${suite}`);
  const each = peerRows === undefined ? undefined : whole('peer-rows', peerRows, 1_000, MOST_ROWS);
  return {
    suite,
    rows: whole('rows', values.rows ?? String(SUITES[suite].rows), 1_000, MOST_ROWS),
    rounds: whole('rounds', values.rounds, 1, 100),
    cases: chosen(values.cases, SUITES[suite].cases),
    json: values.json,
    peers: values.peers,
    peerRows: each === undefined ? PEER_ROWS : { paged: each, file: each },
  } as BenchOptions;
}

function chosen(text: string | undefined, known: readonly string[]): readonly string[] {
  if (text === undefined) return known;
  return text.split(',').map((name) => {
    if (!known.includes(name)) throw new Error(`--cases takes ${known.join(', ')}; got ${name}`);
    return name;
  });
}

function whole(name: string, text: string, from: number, to: number): number {
  const value = Number(text);
  if (text === '' || !Number.isInteger(value) || value < from || value > to) {
    throw new Error(`--${name} takes a whole number from ${from} to ${to}; got ${text}`);
  }
  return value;
}
