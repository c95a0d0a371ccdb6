import { isKeyed, streamModes } from '../../contracts/write-mode.js';
import type { StreamDescriptor } from '../../contracts/stream.js';
import { schemaOf, type CatalogColumn } from './column-kind.js';
import type { PostgresSourceConfig } from './config.schema.js';
import type { SourceServer, SourceTable } from './source-table.js';

/** Taken for a cursor without being named. */
const USUAL_CURSORS = ['updated_at', 'modified_at'];
const TIMES: ReadonlySet<string> = new Set(['timestamptz', 'timestamp']);
const NUMBERS: ReadonlySet<string> = new Set(['int2', 'int4', 'int8']);

export interface CursorColumn extends CatalogColumn {
  order: 'text' | 'number';
}

/** The column by which a table is read incrementally: the one that the configuration names, else a time of a usual name; null: there is none. Pure. */
export function cursorOf(table: SourceTable, { cursors }: Pick<PostgresSourceConfig, 'cursors'>): CursorColumn | null {
  const named = Object.hasOwn(cursors, table.stream) ? cursors[table.stream] : undefined;
  const column =
    named === undefined
      ? USUAL_CURSORS.flatMap((name) => table.columns.find((c) => c.name === name && TIMES.has(c.base)) ?? [])[0]
      : table.columns.find(({ name }) => name === named);
  if (column === undefined) return null;
  if (TIMES.has(column.base)) return { ...column, order: 'text' };
  return NUMBERS.has(column.base) ? { ...column, order: 'number' } : null;
}

/** A table as a stream. Pure. */
export function describeTable(table: SourceTable, config: PostgresSourceConfig, server: SourceServer): StreamDescriptor {
  const cursor = server.replica ? null : cursorOf(table, config);
  const named = Object.hasOwn(config.cursors, table.stream);
  const warnings = [
    ...(named && !server.replica && cursor === null
      ? ['the cursor that is named for it is not one of its columns, or neither a time nor an integer']
      : []),
    ...(server.replica
      ? ['the server is a replica: it does not tell which transactions still run, so that nothing is read incrementally']
      : []),
    ...(cursor !== null && !cursor.notNull ? [`rows whose ${cursor.name} is null are not read incrementally`] : []),
    ...(table.key.length === 0 ? ['there is no primary key: a read that is interrupted begins again'] : []),
  ];
  return {
    name: table.stream,
    jsonSchema: {
      type: 'object',
      properties: Object.fromEntries(table.columns.map((column) => [column.name, schemaOf(column)])),
    },
    primaryKey: table.key,
    cursorField: cursor?.name ?? null,
    cursorOrder: cursor?.order ?? 'text',
    resume: table.key.length > 0 ? 'exact' : 'none',
    modes: streamModes({ cursor: cursor !== null }).filter((mode) => !isKeyed(mode) || table.key.length > 0),
    warnings,
    unavailable: unavailable(table),
  };
}

function unavailable({ readable, columns, schema, name }: SourceTable): string | null {
  if (!readable) return `the role may not read ${schema}.${name}: GRANT USAGE ON SCHEMA and SELECT ON TABLE`;
  return columns.length === 0 ? 'it has no columns' : null;
}
