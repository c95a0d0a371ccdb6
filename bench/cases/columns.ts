/** The shop's events as Sluice loads them: same columns, same types, same order. */
export const EVENT_COLUMNS: readonly (readonly [name: string, type: string])[] = [
  ['id', 'bigint'],
  ['reference', 'text'],
  ['type', 'text'],
  ['email', 'text'],
  ['amount', 'numeric'],
  ['revision', 'bigint'],
  ['active', 'boolean'],
  ['verified', 'boolean'],
  ['created_at', 'timestamptz'],
  ['updated_at', 'timestamptz'],
  ['address', 'jsonb'],
  ['tags', 'jsonb'],
];

/** The items of the reference's own source. */
export const ITEM_COLUMNS: readonly (readonly [name: string, type: string])[] = [
  ['id', 'bigint'],
  ['external_id', 'text'],
  ['name', 'text'],
  ['email', 'text'],
  ['amount', 'numeric'],
  ['quantity', 'integer'],
  ['active', 'boolean'],
  ['verified', 'boolean'],
  ['created_at', 'timestamptz'],
  ['updated_at', 'timestamptz'],
  ['address', 'jsonb'],
  ['tags', 'jsonb'],
];
