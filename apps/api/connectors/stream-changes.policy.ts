import type { StreamChange } from '../../../libs/contracts/connector.schema.js';
import type { JsonSchema } from '../../../libs/contracts/json.js';
import type { Catalog, StreamDescriptor } from '../../../libs/contracts/stream.js';

const MAX_FIELDS_NAMED = 20;

/** What another version of a connector changes for these streams of a sync. `before` and `after`: what one connection offers with each. Pure. */
export function streamChanges(request: { streams: readonly string[]; before: Catalog; after: Catalog }): StreamChange[] {
  return request.streams.flatMap((name) => {
    const [old, next] = [find(request.before, name), find(request.after, name)];
    // A generated stream is in neither; what was not there cannot have changed.
    if (old === undefined) return [];
    if (next === undefined) return [change(name, 'removed', name, null)];
    return changesOf(old, next);
  });
}

function changesOf(old: StreamDescriptor, next: StreamDescriptor): StreamChange[] {
  const { name } = next;
  if (next.unavailable !== null)
    return old.unavailable === next.unavailable ? [] : [change(name, 'unavailable', old.unavailable, next.unavailable)];
  if (old.unavailable !== null) return [change(name, 'available', old.unavailable, null)];
  const differs = (kind: StreamChange['change'], before: string, after: string): StreamChange[] =>
    before === after ? [] : [change(name, kind, before, after)];
  return [
    ...differs('primary_key', old.primaryKey.join(', '), next.primaryKey.join(', ')),
    ...differs('cursor_field', old.cursorField ?? '', next.cursorField ?? ''),
    ...differs('modes', old.modes.join(', '), next.modes.join(', ')),
    ...differs('resume', old.resume, next.resume),
    ...schemaChange(name, old.jsonSchema, next.jsonSchema),
  ];
}

const find = (catalog: Catalog, name: string): StreamDescriptor | undefined =>
  catalog.streams.find((stream) => stream.name === name);

const change = (stream: string, kind: StreamChange['change'], before: string | null, after: string | null): StreamChange => ({
  ...{ stream, change: kind, before, after },
  reset_needed: kind === 'primary_key' || kind === 'cursor_field',
});

/** Fields that are only on one side, and fields of another type. */
function schemaChange(name: string, old: JsonSchema, next: JsonSchema): StreamChange[] {
  const [was, is] = [fieldsOf(old), fieldsOf(next)];
  const gone = [...was].filter(([field, type]) => is.get(field) !== type);
  const come = [...is].filter(([field, type]) => was.get(field) !== type);
  if (gone.length === 0 && come.length === 0) return [];
  return [change(name, 'schema', words(gone), words(come))];
}

const fieldsOf = (schema: JsonSchema): Map<string, string> =>
  new Map(
    Object.entries(schema.properties ?? {}).map(([field, { type, format, airbyte_type: own }]) => [
      field,
      [[type ?? 'any'].flat().join('|'), format, own].filter((part) => part !== undefined).join(' '),
    ]),
  );

function words(fields: readonly (readonly [string, string])[]): string | null {
  if (fields.length === 0) return null;
  const named = fields.slice(0, MAX_FIELDS_NAMED).map(([field, type]) => `${field}: ${type}`);
  return named.join(', ') + (fields.length > MAX_FIELDS_NAMED ? `, and ${fields.length - MAX_FIELDS_NAMED} more` : '');
}
