import type { JsonSchema } from '../../contracts/json.js';
import type { StreamTarget } from '../../contracts/destination.port.js';
import { SluiceError } from '../../errors/index.js';

/** The PostgreSQL types that streams are loaded into. */
export type ColumnType = 'bigint' | 'numeric' | 'boolean' | 'text' | 'timestamptz' | 'timestamp' | 'date' | 'jsonb';

export interface Column {
  name: string;
  type: ColumnType;
}

/** PostgreSQL cuts longer names silently, and two cut names may become one. */
const MAX_NAME_BYTES = 63;
const MAX_COLUMNS = 1_600;
const SYSTEM_COLUMNS = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid']);

/** The columns of a target, in order. Pure. Errors: DESTINATION_UNSUPPORTED, PRIMARY_KEY_MISSING, CURSOR_MISSING. */
export function columnsOf(
  target: Pick<StreamTarget, 'jsonSchema' | 'fields' | 'mode' | 'primaryKey' | 'cursorField'>,
): readonly Column[] {
  const properties = target.jsonSchema.properties ?? {};
  const names = target.fields ?? Object.keys(properties);
  const columns = [...new Set(names)].map((name) => ({
    name: checkedName(name),
    type: Object.hasOwn(properties, name) ? columnType(properties[name] ?? {}) : ('jsonb' as const),
  }));
  if (columns.length === 0) throw unsupported('the stream has no fields to load; name them in its schema or in `fields`');
  if (columns.length > MAX_COLUMNS) throw unsupported(`${columns.length} fields; PostgreSQL allows ${MAX_COLUMNS} columns`);
  if (target.mode === 'incremental_upsert') {
    const loaded = new Set(columns.map(({ name }) => name));
    if (target.primaryKey.length === 0)
      throw new SluiceError('PRIMARY_KEY_MISSING', { detail: 'incremental_upsert without a primary key' });
    for (const field of target.primaryKey)
      if (!loaded.has(field))
        throw new SluiceError('PRIMARY_KEY_MISSING', { detail: `field ${field} is not among the loaded fields` });
    if (target.cursorField !== null && !loaded.has(target.cursorField))
      throw new SluiceError('CURSOR_MISSING', { detail: `field ${target.cursorField} is not among the loaded fields` });
  }
  return columns;
}

/** The column type of a JSON schema. Anything that is not exactly one scalar kind (null aside) is jsonb, which holds every JSON value. Pure. */
export function columnType(schema: JsonSchema): ColumnType {
  const only = onlyAlternative(schema);
  if (only !== undefined) return only === null ? 'jsonb' : columnType(only);
  const types = new Set([schema.type ?? []].flat().filter((type) => type !== 'null'));
  if (types.size === 2 && types.has('integer') && types.has('number')) return 'numeric';
  const [type] = types;
  if (types.size !== 1) return 'jsonb';
  switch (type) {
    case 'integer':
      return schema.airbyte_type === 'big_integer' ? 'numeric' : 'bigint';
    case 'number':
      return schema.airbyte_type === 'integer' ? 'bigint' : 'numeric';
    case 'boolean':
      return 'boolean';
    case 'string':
      return stringType(schema);
    default:
      return 'jsonb';
  }
}

function stringType({ format, airbyte_type }: JsonSchema): ColumnType {
  if (airbyte_type === 'big_integer' || airbyte_type === 'big_number') return 'numeric';
  if (format === 'date') return 'date';
  if (format !== 'date-time') return 'text';
  return airbyte_type === 'timestamp_without_timezone' ? 'timestamp' : 'timestamptz';
}

/** anyOf/oneOf of one alternative and null is that alternative; of several it is null (no single type); undefined: no such keyword. */
function onlyAlternative(schema: JsonSchema): JsonSchema | null | undefined {
  const list = schema.anyOf ?? schema.oneOf;
  if (!Array.isArray(list)) return undefined;
  const kinds = (list as JsonSchema[]).filter(
    ({ type }) => !(type === 'null' || (Array.isArray(type) && type.every((t) => t === 'null'))),
  );
  return kinds.length === 1 ? (kinds[0] ?? null) : null;
}

function checkedName(name: string): string {
  if (name === '') throw unsupported('a field has an empty name');
  if (name.includes('\0')) throw unsupported('a field’s name has a NUL character');
  if (Buffer.byteLength(name) > MAX_NAME_BYTES)
    throw unsupported(
      `the field name ${name.slice(0, 80)} is longer than ${MAX_NAME_BYTES} bytes; leave it out by naming the others in \`fields\``,
    );
  if (SYSTEM_COLUMNS.has(name))
    throw unsupported(
      `a field is called ${name}, a name that PostgreSQL keeps for itself; leave it out by naming the others in \`fields\``,
    );
  return name;
}

const unsupported = (detail: string): SluiceError => new SluiceError('DESTINATION_UNSUPPORTED', { detail });
