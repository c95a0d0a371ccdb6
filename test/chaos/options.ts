import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

export const SUITES = ['cursors', 'modes', 'zombies', 'servers', 'partitions', 'verify', 'webhooks', 'actions'] as const;
export type Suite = (typeof SUITES)[number];

/** Where `modes` and `verify` load. */
export const DESTINATIONS = ['postgres', 'duckdb'] as const;
export type Destination = (typeof DESTINATIONS)[number];

export interface ChaosOptions {
  suite: Suite;
  rounds: number;
  /** Everything random follows from it: the same seed makes the same choices. Default: a random one. */
  seed: number;
  /** Partitions of the stream that `partitions` reads. */
  parents: number;
  /** That `webhooks` sends in a round. */
  events: number;
  /** One after the other. */
  destinations: readonly Destination[];
  /** Where the results go as a JSON array. */
  json: string | undefined;
}

const DEFAULT_ROUNDS: Readonly<Record<Suite, number>> = {
  cursors: 10_000,
  modes: 5, // ten kills of each mode
  zombies: 20,
  servers: 3,
  partitions: 1,
  verify: 3,
  webhooks: 1,
  actions: 1,
};
const DEFAULT_PARENTS = 100_000;
const DEFAULT_EVENTS = 10_000;
const MAX_EVENTS = 1_000_000;
const MAX_PARENTS = 1_000_000;
const MAX_ROUNDS = 100_000;
const MAX_SEED = 2 ** 31;

const ALL = 'all';

const USAGE = `usage: npm run chaos -- ${SUITES.join('|')} [--rounds N] [--seed N] [--parents N] [--events N] [--destination ${[...DESTINATIONS, ALL].join('|')}] [--json FILE]`;

/** @throws Error saying which argument is wrong and how it is written. */
export function chaosOptions(args: readonly string[]): ChaosOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...{ rounds: { type: 'string' }, seed: { type: 'string' }, parents: { type: 'string' } },
      events: { type: 'string' },
      ...{ destination: { type: 'string', default: 'postgres' }, json: { type: 'string' } },
    },
  });
  const suite = SUITES.find((name) => name === positionals[0]);
  if (suite === undefined || positionals.length > 1) throw new Error(`name one suite; ${USAGE}`);
  const destinations = DESTINATIONS.filter((name) => [name, ALL].includes(values.destination));
  if (destinations.length === 0)
    throw new Error(`--destination is one of ${[...DESTINATIONS, ALL].join(', ')}; got ${values.destination}; ${USAGE}`);
  return {
    suite,
    destinations,
    rounds: whole('rounds', values.rounds, MAX_ROUNDS) ?? DEFAULT_ROUNDS[suite],
    seed: whole('seed', values.seed, MAX_SEED) ?? randomInt(1, MAX_SEED),
    parents: whole('parents', values.parents, MAX_PARENTS) ?? DEFAULT_PARENTS,
    events: whole('events', values.events, MAX_EVENTS) ?? DEFAULT_EVENTS,
    json: values.json,
  };
}

function whole(name: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > max)
    throw new Error(`--${name} takes a whole number from 1 to ${max}; got ${text}; ${USAGE}`);
  return value;
}
