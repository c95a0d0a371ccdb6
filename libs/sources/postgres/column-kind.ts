import type { JsonSchema } from '../../contracts/json.js';
import type { Decoding } from '../../copy-text/index.js';

/** A column as the catalog has it; `base` and `category` are those of the type under a domain. */
export interface CatalogColumn {
  name: string;
  /** typname, as `int4`. */
  base: string;
  /** pg_type.typcategory: A array, E enum, C composite, … */
  category: string;
  notNull: boolean;
}

interface Kind {
  schema: JsonSchema;
  decoding: Decoding;
  /** Types that hold every value of it exactly, as format_type() names them; binary COPY casts to them. */
  casts: readonly string[];
  /** The cast, where `column::type` is not it. `$` is the column. */
  through?: string;
  /** What a record is made from; default: the column itself. */
  read?: string;
}

const text: Kind = { schema: { type: 'string' }, decoding: 'text', casts: ['text'] };
/** Shown as PostgreSQL shows it. */
const shown: Kind = { ...text, through: '($)::text', read: '($)::text' };
/** Its cast to text shows the mask of a whole address too: `10.0.0.1/32`. */
const address: Kind = { ...text, through: 'abbrev($)', read: 'abbrev($)' };
const json: Kind = { schema: {}, decoding: 'jsonb', casts: ['jsonb'], through: 'to_jsonb($)', read: 'to_jsonb($)' };

const KINDS: Readonly<Record<string, Kind>> = {
  int2: { schema: { type: 'integer' }, decoding: 'integer', casts: ['smallint', 'integer', 'bigint', 'numeric'] },
  int4: { schema: { type: 'integer' }, decoding: 'integer', casts: ['integer', 'bigint', 'numeric'] },
  int8: { schema: { type: 'integer' }, decoding: 'integer', casts: ['bigint', 'numeric'] },
  oid: { schema: { type: 'integer' }, decoding: 'integer', casts: ['bigint'] },
  numeric: { schema: { type: 'number' }, decoding: 'decimal', casts: ['numeric'] },
  // A direct cast rounds to 15 digits.
  float4: { schema: { type: 'number' }, decoding: 'float', casts: ['numeric'], through: '($)::text::numeric' },
  float8: { schema: { type: 'number' }, decoding: 'float', casts: ['numeric'], through: '($)::text::numeric' },
  bool: { schema: { type: 'boolean' }, decoding: 'boolean', casts: ['boolean'] },
  text,
  varchar: text,
  bpchar: shown, // without the padding, as any other reader gets it
  inet: address,
  uuid: { schema: { type: 'string', format: 'uuid' }, decoding: 'text', casts: ['uuid'] },
  date: { schema: { type: 'string', format: 'date' }, decoding: 'date', casts: ['date'] },
  timestamptz: { schema: { type: 'string', format: 'date-time' }, decoding: 'timestamptz', casts: ['timestamp with time zone'] },
  timestamp: {
    schema: { type: 'string', format: 'date-time', airbyte_type: 'timestamp_without_timezone' },
    decoding: 'timestamp',
    casts: ['timestamp without time zone'],
  },
  time: {
    schema: { type: 'string', format: 'time', airbyte_type: 'time_without_timezone' },
    decoding: 'time',
    casts: ['time without time zone'],
  },
  timetz: { schema: { type: 'string', format: 'time' }, decoding: 'timetz', casts: ['time with time zone'] },
  bytea: { schema: { type: 'string', contentEncoding: 'base64' }, decoding: 'bytea', casts: ['bytea'] },
  jsonb: { schema: {}, decoding: 'jsonb', casts: ['jsonb'] },
  // Its text may be what jsonb refuses (\u0000), which a record's writer quarantines; so it is never cast.
  json: { schema: {}, decoding: 'json', casts: [] },
};

/** How a column is described, read and decoded. Types that are not known are read as PostgreSQL shows them. Pure. */
export function kindOf({ base, category }: Pick<CatalogColumn, 'base' | 'category'>): Kind {
  if (category === 'A') return { ...json, schema: { type: 'array' } };
  if (category === 'C') return { ...json, schema: { type: 'object' } };
  return KINDS[base] ?? shown;
}

/** With null where the column may be. Pure. */
export function schemaOf(column: CatalogColumn): JsonSchema {
  const { schema } = kindOf(column);
  return column.notNull || schema.type === undefined ? schema : { ...schema, type: ['null', schema.type as string] };
}

/** The expression that gives a column's values as `type`, exactly; null: there is none. `reference` is quoted. Pure. */
export function castTo(column: CatalogColumn, type: string, reference: string): string | null {
  const { casts, through } = kindOf(column);
  if (!casts.includes(type)) return null;
  return through === undefined ? `${reference}::${type}` : through.replace('$', () => reference);
}

/** The expression that a record's value is decoded from. Pure. */
export const readExpression = (column: CatalogColumn, reference: string): string =>
  (kindOf(column).read ?? '$').replace('$', () => reference);
