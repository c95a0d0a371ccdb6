/** A row of 100 columns and about 4 KB as JSON: fifty texts, and numbers, times, switches and objects in between. */

const number = (index: number): string => String(index).padStart(2, '0');
const each = (count: number, name: string, type: string): [name: string, type: string][] =>
  Array.from({ length: count }, (_, index) => [`${name}_${number(index + 1)}`, type]);

export const WIDE_COLUMNS: readonly (readonly [name: string, type: string])[] = [
  ['id', 'bigint'],
  ['updated_at', 'timestamptz'],
  ...each(50, 'text', 'text'),
  ...each(18, 'count', 'bigint'),
  ...each(10, 'price', 'numeric'),
  ...each(8, 'flag', 'boolean'),
  ...each(8, 'moment', 'timestamptz'),
  ...each(4, 'details', 'jsonb'),
];

const FIRST_MS = Date.UTC(2024, 0, 1);
const instant = (seconds: number): string => `${new Date(FIRST_MS + seconds * 1_000).toISOString().slice(0, 19)}Z`;
const WORDS = 'lorem ipsum dolor sit amet consetetur sadipscing elitr sed diam nonumy eirmod tempor'.split(' ');

/** Every value differs from row to row, and at each revision. */
export function wideRow(id: number, revision: number): Record<string, unknown> {
  return Object.fromEntries(WIDE_COLUMNS.map(([name, type], index) => [name, valueOf(name, type, { id, index, revision })]));
}

function valueOf(name: string, type: string, { id, index, revision }: { id: number; index: number; revision: number }): unknown {
  if (name === 'id') return id;
  if (name === 'updated_at') return instant(id);
  const seed = id * 101 + index + revision * 7;
  switch (type) {
    case 'bigint':
      return seed % 1_000_000;
    case 'numeric':
      return (seed % 10_000_000) / 100;
    case 'boolean':
      return seed % 3 === 0;
    case 'timestamptz':
      return instant(seed);
    case 'jsonb':
      return { city: WORDS[seed % WORDS.length], number: seed, tags: [WORDS[id % WORDS.length], 'b'] };
    default:
      return `${WORDS[seed % WORDS.length]} ${seed} ${WORDS[(seed >> 3) % WORDS.length]} ${WORDS[(seed >> 5) % WORDS.length]} äö${'x'.repeat(seed % 32)}`;
  }
}

const JSON_TYPES: Readonly<Record<string, object>> = {
  bigint: { type: ['integer', 'null'] },
  numeric: { type: ['number', 'null'] },
  boolean: { type: ['boolean', 'null'] },
  timestamptz: { type: ['string', 'null'], format: 'date-time' },
  jsonb: { type: ['object', 'null'] },
  text: { type: ['string', 'null'] },
};

export const WIDE_SCHEMA = {
  type: 'object',
  properties: Object.fromEntries(WIDE_COLUMNS.map(([name, type]) => [name, JSON_TYPES[type] ?? {}])),
};
