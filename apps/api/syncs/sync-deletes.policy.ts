import type { DestinationCapabilities } from '../../../libs/contracts/destination.port.js';
import type { SyncStream } from '../../../libs/contracts/sync-spec.schema.js';
import { isKeyed } from '../../../libs/contracts/write-mode.js';
import type { ErrorCode, FieldError } from '../../../libs/errors/index.js';

const MAX_ALLOWED = 50;

/** Whether a stream's deletes can be followed in its mode. `fields`: those of its schema; null: it does not say. Pure. */
export function checkDeletes(
  stream: SyncStream,
  {
    path,
    fields,
    destination,
  }: { path: string; fields: readonly string[] | null; destination: Pick<DestinationCapabilities, 'deletes'> },
): (FieldError & { code: ErrorCode })[] {
  const { deletes } = stream;
  if (deletes === undefined) return [];
  const at = (place: string, message: string, more: Pick<FieldError, 'found' | 'allowed'> = {}) => ({
    ...{ code: 'VALIDATION_FAILED' as const, path: `${path}${place}`, message },
    ...more,
  });
  if (!destination.deletes) return [at('/deletes', 'cannot be followed by the destination')];
  if (!isKeyed(stream.mode))
    return [
      at('/deletes', `are followed in incremental_upsert and scd2 only, not in ${stream.mode}: other modes have no row to a key`),
    ];
  const violations = [];
  if (stream.mode === 'scd2' && deletes.missing !== undefined)
    violations.push(at('/deletes/missing', 'is not for scd2: nothing says when a missing record was deleted'));
  if (stream.mode === 'scd2' && deletes.as === 'hard')
    violations.push(
      at('/deletes/as', 'is `soft` under scd2: a history keeps what was, and a delete ends the version', { found: 'hard' }),
    );
  const field = deletes.when?.field;
  if (field === undefined) return violations;
  if (fields !== null && !fields.includes(field))
    violations.push(
      at('/deletes/when/field', 'is not a field of the stream', { found: field, allowed: fields.slice(0, MAX_ALLOWED) }),
    );
  else if (stream.fields !== undefined && !stream.fields.includes(field))
    violations.push(at('/fields', `must contain the field that says what is deleted; missing: ${field}`));
  return violations;
}
