import type { StreamTarget } from '../contracts/destination.port.js';
import { SluiceError } from '../errors/index.js';
import { columnOf, pathKey, type Column } from './column.js';
import { columnType } from './column-type.js';
import { nameFields, type NamingRules } from './naming.js';

/** What a destination's tables can have. */
export interface TableRules {
  names: NamingRules;
  maxColumns: number;
}

/**
 * The columns of a target, in order. Pure. `known`: the stream's earlier columns, whose names stay.
 * Errors: DESTINATION_UNSUPPORTED, PRIMARY_KEY_MISSING, CURSOR_MISSING.
 */
export function columnsOf(
  target: Pick<StreamTarget, 'jsonSchema' | 'fields' | 'mode' | 'primaryKey' | 'cursorField'>,
  { rules, known = [] }: { rules: TableRules; known?: readonly Column[] },
): readonly Column[] {
  const properties = target.jsonSchema.properties ?? {};
  const fields = [...new Set(target.fields ?? Object.keys(properties))];
  if (fields.length === 0) throw unsupported('the stream has no fields to load; name them in its schema or in `fields`');
  if (fields.length > rules.maxColumns)
    throw unsupported(
      `${fields.length} fields; the destination allows ${rules.maxColumns} columns: name the ones to load in \`fields\``,
    );
  const paths = fields.map((field) => [field]);
  const names = nameFields({
    paths,
    rules: rules.names,
    known: new Map(known.map(({ path, name }) => [pathKey(path), name])),
  });
  const columns = fields.map((field): Column => {
    const path = [field];
    const schema = Object.hasOwn(properties, field) ? properties[field] : undefined;
    return { name: names.get(pathKey(path)) ?? field, path, type: schema === undefined ? 'jsonb' : columnType(schema) };
  });
  assertKeys(target, columns);
  return columns;
}

function assertKeys(
  { mode, primaryKey, cursorField }: Pick<StreamTarget, 'mode' | 'primaryKey' | 'cursorField'>,
  columns: readonly Column[],
): void {
  if (mode !== 'incremental_upsert') return;
  if (primaryKey.length === 0)
    throw new SluiceError('PRIMARY_KEY_MISSING', { detail: 'incremental_upsert without a primary key' });
  for (const field of primaryKey)
    if (columnOf(columns, field) === undefined)
      throw new SluiceError('PRIMARY_KEY_MISSING', { detail: `field ${field} is not among the loaded fields` });
  if (cursorField !== null && columnOf(columns, cursorField) === undefined)
    throw new SluiceError('CURSOR_MISSING', { detail: `field ${cursorField} is not among the loaded fields` });
}

const unsupported = (detail: string): SluiceError => new SluiceError('DESTINATION_UNSUPPORTED', { detail });
