import type { StreamTarget } from '../contracts/destination.port.js';
import { isKeyed } from '../contracts/write-mode.js';
import { SluiceError } from '../errors/index.js';
import { columnOf, pathKey, type Column } from './column.js';
import { columnType } from './column-type.js';
import { newFieldPolicy } from './contract.js';
import { nestedPaths, schemaAt } from './flatten.js';
import { nameFields, type NamingRules } from './naming.js';

/** What a destination's tables can have. */
export interface TableRules {
  names: NamingRules;
  maxColumns: number;
}

type Target = Pick<
  StreamTarget,
  'jsonSchema' | 'fields' | 'mode' | 'primaryKey' | 'cursorField' | 'contract' | 'nested' | 'names' | 'childTables'
>;

/** Whether fields that nobody named become columns. What is inside a field is not named with it. */
export const isOpen = ({ fields, contract = {}, nested }: Pick<Target, 'fields' | 'contract' | 'nested'>): boolean =>
  (fields === undefined || nested === 'flatten') && newFieldPolicy(contract) === 'evolve';

/**
 * The columns of a target, in order. Pure. `known`: the stream's earlier columns, whose names stay; those that were inferred stay with them.
 * A key or cursor that no schema describes gets a provisional type. None at all: the columns come with the records.
 * Errors: DESTINATION_UNSUPPORTED, PRIMARY_KEY_MISSING, CURSOR_MISSING.
 */
export function columnsOf(
  target: Target,
  { rules, known = [] }: { rules: TableRules; known?: readonly Column[] },
): readonly Column[] {
  const properties = target.jsonSchema.properties ?? {};
  const declared = [...new Set(target.fields ?? Object.keys(properties))];
  const open = isOpen(target);
  const needed = open ? neededFields(target).filter((field) => !declared.includes(field)) : [];
  const lists = (target.childTables ?? []).filter((field) => !declared.includes(field));
  const at = (path: readonly string[]) => schemaAt(properties, path);
  const paths = [
    ...declared.flatMap((field) => (target.nested === 'flatten' ? nestedPaths(field, at([field])) : [[field]])),
    ...needed.map((field) => [field]),
    ...lists.map((field) => [field]),
  ];
  const named = new Set(paths.map(pathKey));
  const others = open ? known.filter(({ path, inferred }) => inferred === true && !named.has(pathKey(path))) : [];
  const count = paths.length + others.length;
  if (count === 0 && !open) throw unsupported('the stream has no fields to load; name them in its schema or in `fields`');
  if (count > rules.maxColumns)
    throw unsupported(`${count} fields; the destination allows ${rules.maxColumns} columns: name the ones to load in \`fields\``);
  const before = new Map(known.map((column) => [pathKey(column.path), column]));
  const names = nameFields({
    paths,
    rules: rules.names,
    ...(target.names === undefined ? {} : { style: target.names }),
    known: new Map(known.map(({ path, name }) => [pathKey(path), name])),
  });
  const columns = paths.map((path): Column => {
    const [field = ''] = path;
    const column = { name: names.get(pathKey(path)) ?? field, path };
    if (needed.includes(field)) return undescribed(column, before.get(pathKey(path)));
    const schema = at(path);
    return { ...column, type: schema === undefined ? 'jsonb' : columnType(schema) };
  });
  assertKeys(target, columns);
  return [...columns, ...others.map(({ theirs: _, ...column }) => column)];
}

/** Fields that must have a column, whether or not the schema knows them. */
const neededFields = ({ mode, primaryKey, cursorField }: Target): string[] =>
  isKeyed(mode) ? [...new Set([...primaryKey, ...(cursorField === null ? [] : [cursorField])])] : [];

function undescribed(named: Pick<Column, 'name' | 'path'>, before: Column | undefined): Column {
  if (before?.inferred !== true || before.provisional === true)
    return { ...named, type: 'text', inferred: true, provisional: true };
  return { ...named, type: before.type, inferred: true };
}

function assertKeys(
  { mode, primaryKey, cursorField }: Pick<StreamTarget, 'mode' | 'primaryKey' | 'cursorField'>,
  columns: readonly Column[],
): void {
  if (!isKeyed(mode)) return;
  if (primaryKey.length === 0) throw new SluiceError('PRIMARY_KEY_MISSING', { detail: `${mode} without a primary key` });
  for (const field of primaryKey)
    if (columnOf(columns, field) === undefined)
      throw new SluiceError('PRIMARY_KEY_MISSING', { detail: `field ${field} is not among the loaded fields` });
  if (mode === 'scd2' && cursorField === null)
    throw new SluiceError('CURSOR_MISSING', { detail: 'scd2 without a cursor: what is valid from when is not known' });
  if (cursorField !== null && columnOf(columns, cursorField) === undefined)
    throw new SluiceError('CURSOR_MISSING', { detail: `field ${cursorField} is not among the loaded fields` });
}

const unsupported = (detail: string): SluiceError => new SluiceError('DESTINATION_UNSUPPORTED', { detail });
