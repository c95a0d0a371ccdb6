import type { JsonSchema } from '../../contracts/json.js';

const nullable = (type: string, more: JsonSchema = {}): JsonSchema => ({ type: ['null', type], ...more });

/** Airbyte's names of types, as JSON schemas. */
export const AIRBYTE_TYPES: Readonly<Record<string, JsonSchema>> = {
  string: nullable('string'),
  boolean: nullable('boolean'),
  date: nullable('string', { format: 'date' }),
  timestamp_without_timezone: nullable('string', { format: 'date-time', airbyte_type: 'timestamp_without_timezone' }),
  timestamp_with_timezone: nullable('string', { format: 'date-time' }),
  time_without_timezone: nullable('string', { format: 'time', airbyte_type: 'time_without_timezone' }),
  time_with_timezone: nullable('string', { format: 'time', airbyte_type: 'time_with_timezone' }),
  integer: nullable('integer'),
  number: nullable('number'),
  array: nullable('array'),
  object: nullable('object'),
};
