import type { DestinationCapabilities } from '../../../libs/contracts/destination.port.js';
import type { StreamDescriptor } from '../../../libs/contracts/stream.js';
import type { SyncStream } from '../../../libs/contracts/sync-spec.schema.js';
import type { ErrorCode, FieldError } from '../../../libs/errors/index.js';
import { columnType } from '../../../libs/typing/index.js';

const MAX_ALLOWED = 50;

/** Whether the lists of a stream's fields can become tables. `fields`: those of its schema; null: it does not say. Pure. */
export function checkChildTables(
  stream: SyncStream,
  {
    descriptor,
    path,
    fields,
    destination,
  }: {
    descriptor: StreamDescriptor;
    path: string;
    fields: readonly string[] | null;
    destination: Pick<DestinationCapabilities, 'childTables'>;
  },
): (FieldError & { code: ErrorCode })[] {
  const { child_tables: lists } = stream;
  if (lists === undefined) return [];
  const at = (place: string, message: string, more: Pick<FieldError, 'found' | 'allowed'> = {}) => ({
    ...{ code: 'VALIDATION_FAILED' as const, path: `${path}${place}`, message },
    ...more,
  });
  if (!destination.childTables) return [at('/child_tables', 'cannot be made by the destination: it keeps lists as JSON')];
  const violations = [];
  if (stream.mode === 'scd2')
    violations.push(
      at('/child_tables', 'are not for scd2: a history keeps several versions of a record, and its lists have none'),
    );
  if (stream.nested === 'flatten') violations.push(at('/child_tables', 'are not made together with `nested: flatten`'));
  const needed = [...(stream.primary_key ?? descriptor.primaryKey), stream.cursor_field ?? descriptor.cursorField];
  for (const [index, field] of lists.entries()) {
    const place = `/child_tables/${index}`;
    const schema = descriptor.jsonSchema.properties?.[field];
    if (fields !== null && !fields.includes(field))
      violations.push(at(place, 'is not a field of the stream', { found: field, allowed: fields.slice(0, MAX_ALLOWED) }));
    else if (stream.fields !== undefined && !stream.fields.includes(field))
      violations.push(at('/fields', `must contain the fields whose lists become tables; missing: ${field}`));
    else if (needed.includes(field))
      violations.push(at(place, 'is part of the key or the cursor, which no list can be', { found: field }));
    else if (schema !== undefined && columnType(schema) !== 'jsonb')
      violations.push(at(place, 'is no list, by the schema of the stream', { found: field }));
  }
  return violations;
}
