import fc from 'fast-check';
import type { SourceRecord } from '../../../libs/contracts/stream.js';

/** A record of the generated sequences. */
export interface ItemRecord {
  id: number;
  name: string;
  updated_at: string;
  deleted: boolean;
}

export const DELETABLE_SCHEMA = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    name: { type: ['null', 'string'] },
    updated_at: { type: ['null', 'string'] },
    deleted: { type: ['null', 'boolean'] },
  },
};

/** Few keys, times and names, so that records meet each other in every way. */
const record: fc.Arbitrary<ItemRecord> = fc.record({
  id: fc.integer({ min: 1, max: 3 }),
  name: fc.constantFrom('a', 'b', 'c'),
  updated_at: fc.integer({ min: 1, max: 8 }).map((day) => `2026-01-0${day}`),
  deleted: fc.boolean().chain((maybe) => (maybe ? fc.boolean() : fc.constant(false))),
});

/**
 * What comes in one chunk, and what happens to its writer: `lost`: it dies before the commit and a successor reads the chunk again; `again`: the
 * chunk is committed, and read once more by the next run.
 */
export interface Step {
  records: readonly ItemRecord[];
  fate: 'committed' | 'lost' | 'again' | 'next run';
}

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    records: fc.array(record, { minLength: 1, maxLength: 6 }),
    fate: fc.constantFrom<Step['fate'][]>('committed', 'lost', 'again', 'next run'),
  }),
  { minLength: 1, maxLength: 6 },
);

/** The last read of each cursor. */
export const byCursor = (records: readonly ItemRecord[]): Map<string, ItemRecord> =>
  new Map(records.map((each) => [each.updated_at, each]));

export const asSource = (records: readonly ItemRecord[]): readonly SourceRecord[] => records.map((each) => ({ ...each }));
