import type { JsonSchema } from '../contracts/json.js';
import type { StreamTarget } from '../contracts/stream-ref.js';
import { SluiceError } from '../errors/index.js';
import { columnOf, namesOf, type Column } from './column.js';
import { newFieldPolicy } from './contract.js';
import { columnsOf, type TableRules } from './columns-of.js';
import { MANAGED } from './managed-columns.js';
import { nameFields, type NamingRules } from './naming.js';

/** The table that the lists of one field become: a row for each element. Plain data: it is kept with the stream's columns, as JSON. */
export interface ChildTable {
  /** Top-level field of the record. */
  field: string;
  /** In the namespace of the stream's own table. */
  table: string;
  /** What names the element: the columns of its parent's row, in the order of `parentKey`, then its position. No two rows share them. */
  own: readonly Column[];
  /** Of the element's fields. */
  columns: readonly Column[];
}

/** The field of an element that is no object. */
export const SCALAR = 'value';

/** Columns of the parent's table by which its children name it: the key where a key makes a row, else the row's own id. Pure. */
export function parentKey(
  columns: readonly Column[],
  target: Pick<StreamTarget, 'mode' | 'primaryKey' | 'cursorField' | 'childTables'>,
): readonly string[] {
  return target.mode === 'incremental_upsert' ? namesOf(columns, target).primaryKey : [MANAGED.row];
}

/** What the rows of a child table are loaded as: it has no key, cursor and deletes of its own, and no digests, since its rows are its parent's list. Pure. */
export function childTarget(target: StreamTarget, table: string): StreamTarget {
  const { namespace, resume, contract, names, metadata } = target;
  return {
    ...{
      namespace,
      table,
      mode: 'incremental_append',
      jsonSchema: {},
      primaryKey: [],
      cursorField: null,
      cursorOrder: 'text',
      resume,
    },
    ...(contract && { contract }),
    ...(names && { names }),
    ...(metadata && { metadata: metadata.filter((field) => field !== 'digest') }),
  };
}

/**
 * The child tables of a target, in the order of `childTables`. Pure. `known`: those that the stream has or had, whose columns keep their names. Errors: DESTINATION_UNSUPPORTED
 * where the lists of this target cannot be tables.
 */
export function childTablesOf(
  target: StreamTarget,
  { rules, columns, known }: { rules: TableRules; columns: readonly Column[]; known: readonly ChildTable[] },
): readonly ChildTable[] {
  const { childTables = [], table } = target;
  if (childTables.length === 0) return [];
  const refused = refusal(target, columns);
  if (refused !== null) throw unsupported(refused);
  const names = nameFields({
    paths: childTables.map((field) => [table, field]),
    rules: rules.names,
    ...(target.names && { style: target.names }),
    taken: [table],
  });
  return childTables.map((field): ChildTable => {
    const before = known.find((child) => child.field === field);
    const name = names.get(JSON.stringify([table, field])) ?? '';
    const own = ownColumns(target, columns, rules.names);
    const isClosed = newFieldPolicy(target.contract ?? {}) !== 'evolve';
    const jsonSchema = { properties: elementFields(target.jsonSchema.properties?.[field]) };
    if (isClosed && Object.keys(jsonSchema.properties).length === 0)
      throw unsupported(`nothing says what the elements of ${field} have, and the contract takes no new fields`);
    const inner = {
      rules: { ...rules, names: childRules(rules.names, own), maxColumns: rules.maxColumns - own.length },
      known: before?.columns ?? [],
    };
    return { field, table: name, own, columns: columnsOf({ ...childTarget(target, name), jsonSchema }, inner) };
  });
}

/** No field of an element is given the name of a column that is ours. Pure. */
export const childRules = (rules: NamingRules, own: readonly Column[]): NamingRules => ({
  ...rules,
  reserved: new Set([...rules.reserved, ...own.map(({ name }) => (rules.caseSensitive ? name : name.toLowerCase()))]),
});

/** Why the lists of a target cannot be tables; null: they can. */
function refusal({ mode, nested, childTables = [] }: StreamTarget, columns: readonly Column[]): string | null {
  if (mode === 'scd2') return 'a history keeps several versions of a record, and its lists have none of their own';
  if (nested === 'flatten') return 'not together with flattened objects';
  const wrong = childTables.find((field) => columnOf(columns, field)?.type !== 'jsonb');
  return wrong === undefined ? null : `the field ${wrong} is no list`;
}

function ownColumns(target: StreamTarget, columns: readonly Column[], rules: NamingRules): Column[] {
  const isKeyed = target.mode === 'incremental_upsert';
  const wanted = parentKey(columns, target).map((name) => [isKeyed ? `${MANAGED.parent}_${name}` : MANAGED.parent]);
  // These names are our own: of no field of a record.
  const names = nameFields({ paths: wanted, rules: { ...rules, reserved: new Set() } });
  const types = parentKey(columns, target).map((name) => columns.find((column) => column.name === name));
  const parents = [...names.values()].map((name, n): Column => {
    const { type = 'uuid', provisional } = types[n] ?? {};
    return { name, path: ['', name], type, ...(provisional && { provisional }) };
  });
  return [...parents, { name: MANAGED.position, path: ['', MANAGED.position], type: 'bigint' }];
}

/** What the elements of a list are said to have; empty: the schema does not say. */
function elementFields(list: JsonSchema | undefined): Readonly<Record<string, JsonSchema>> {
  const alternatives = list?.anyOf ?? list?.oneOf;
  const schema = Array.isArray(alternatives) ? (alternatives as JsonSchema[]).find(({ items }) => items !== undefined) : list;
  const items = schema?.items;
  if (items === undefined || Array.isArray(items)) return {};
  const kinds = [items.type ?? []].flat().filter((kind) => kind !== 'null');
  if (kinds.length !== 1) return {};
  return kinds[0] === 'object' ? (items.properties ?? {}) : { [SCALAR]: items };
}

const unsupported = (why: string): SluiceError => new SluiceError('DESTINATION_UNSUPPORTED', { detail: `child tables: ${why}` });
