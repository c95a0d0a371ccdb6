import type { Catalog, StreamDescriptor } from '../../../libs/contracts/stream.js';
import type { SyncSpec, SyncStream } from '../../../libs/contracts/sync-spec.schema.js';
import { METADATA } from '../../../libs/contracts/metadata.js';
import { isFullRefresh, isKeyed, loadableModes } from '../../../libs/contracts/write-mode.js';
import type { DestinationCapabilities } from '../../../libs/contracts/destination.port.js';
import { checkAction, type RowActions } from './sync-action.policy.js';
import { checkChildTables } from './sync-child-tables.policy.js';
import { checkDeletes } from './sync-deletes.policy.js';
import { SluiceError, type ErrorCode, type FieldError } from '../../../libs/errors/index.js';
import { tableName } from '../../../libs/typing/index.js';

const MAX_ALLOWED = 50;

type Violation = FieldError & { code: ErrorCode };
/** What is asked of a destination. */
export type LoadingAbility = Pick<DestinationCapabilities, 'delivery' | 'deletes' | 'digests' | 'childTables'> & {
  /** Rows become calls; null: rows of tables. */
  rows: RowActions | null;
};

/**
 * Checks a sync's streams against what its source offers and its destination takes. Throws every violation at once, under the code of the
 * first: UNKNOWN_STREAM, STREAM_UNAVAILABLE, UNSUPPORTED_MODE, PRIMARY_KEY_MISSING, CURSOR_MISSING, VALIDATION_FAILED. Pure.
 */
export function assertStreams(request: { spec: SyncSpec; catalog: Catalog; destination: LoadingAbility }): void {
  const violations = [
    ...request.spec.streams.flatMap((stream, index) => checkStream(stream, `/streams/${index}`, request)),
    ...duplicates(request.spec.streams),
  ];
  const first = violations[0];
  if (first === undefined) return;
  throw new SluiceError(first.code, { errors: violations.map(({ code: _code, ...error }) => error) });
}

function checkStream(
  stream: SyncStream,
  path: string,
  { catalog, destination }: { catalog: Catalog; destination: LoadingAbility },
): Violation[] {
  const descriptor = catalog.streams.find(({ name }) => name === stream.name);
  if (descriptor === undefined)
    return [
      {
        ...{ code: 'UNKNOWN_STREAM', path: `${path}/name`, message: 'is not a stream of the source', found: stream.name },
        allowed: catalog.streams.slice(0, MAX_ALLOWED).map(({ name }) => name),
      },
    ];
  if (descriptor.unavailable !== null)
    return [
      {
        code: 'STREAM_UNAVAILABLE',
        path: `${path}/name`,
        message: `cannot be read: ${descriptor.unavailable}`,
        found: stream.name,
      },
    ];
  return [
    ...checkMode(stream, descriptor, path, destination),
    ...checkKey(stream, descriptor, path),
    ...checkCursor(stream, descriptor, path),
    ...checkFields(stream, descriptor, path),
    ...checkDeletes(stream, { path, fields: fieldsOf(descriptor), destination }),
    ...checkMetadata(stream, path, destination),
    ...checkChildTables(stream, { descriptor, path, fields: fieldsOf(descriptor), destination }),
    ...checkAction(stream, path, destination.rows),
  ];
}

function checkMode(
  stream: SyncStream,
  descriptor: StreamDescriptor,
  path: string,
  { delivery, rows }: LoadingAbility,
): Violation[] {
  const destinationModes = loadableModes(delivery);
  const allowed = descriptor.modes.filter((mode) => destinationModes.includes(mode));
  if (allowed.includes(stream.mode)) return [];
  const at = { path: `${path}/mode`, found: stream.mode, allowed };
  if (!destinationModes.includes(stream.mode))
    return [{ ...at, code: 'UNSUPPORTED_MODE', message: 'is not a mode of the destination' }];
  switch (stream.mode) {
    case 'incremental_append':
    case 'scd2':
      if (descriptor.cursorField === null)
        return [{ ...at, code: 'CURSOR_MISSING', message: 'needs a cursor that the stream does not have' }];
      // A key of the caller's choice makes a history possible; a missing one is checkKey's.
      if (stream.mode === 'scd2' && descriptor.primaryKey.length === 0) return [];
      break;
    case 'incremental_upsert':
      // A key of the caller's choice makes an upsert possible; a missing one is checkKey's. A whole read needs no cursor.
      if (descriptor.primaryKey.length === 0 || stream.deletes?.missing !== undefined || rows !== null) return [];
      break;
    case 'full_refresh_overwrite':
    case 'full_refresh_append':
      break;
    default: {
      const never: never = stream.mode;
      throw new Error(`unknown mode ${String(never)}`);
    }
  }
  return [{ ...at, code: 'UNSUPPORTED_MODE', message: 'is not a mode of the stream' }];
}

/** Top-level fields of a schema; null: it does not say. */
function fieldsOf(descriptor: StreamDescriptor): string[] | null {
  const names = Object.keys(descriptor.jsonSchema.properties ?? {});
  return names.length === 0 ? null : names;
}

const unknownField = (code: ErrorCode, path: string, field: string, known: readonly string[]): Violation => ({
  ...{ code, path, message: 'is not a field of the stream', found: field },
  allowed: known.slice(0, MAX_ALLOWED),
});

function checkKey(stream: SyncStream, descriptor: StreamDescriptor, path: string): Violation[] {
  const known = fieldsOf(descriptor);
  if (stream.primary_key === undefined) {
    if (!isKeyed(stream.mode) || descriptor.primaryKey.length > 0) return [];
    return [
      { code: 'PRIMARY_KEY_MISSING', path: `${path}/primary_key`, message: 'is required: the stream has no key of its own' },
    ];
  }
  const repeated = stream.primary_key.flatMap((field, index): Violation[] =>
    stream.primary_key?.indexOf(field) === index
      ? []
      : [{ code: 'VALIDATION_FAILED', path: `${path}/primary_key/${index}`, message: 'is named twice', found: field }],
  );
  const missing = stream.primary_key.flatMap((field, index): Violation[] =>
    known === null || known.includes(field)
      ? []
      : [unknownField('PRIMARY_KEY_MISSING', `${path}/primary_key/${index}`, field, known)],
  );
  return [...missing, ...repeated];
}

function checkCursor(stream: SyncStream, descriptor: StreamDescriptor, path: string): Violation[] {
  const field = stream.cursor_field;
  if (field === undefined) return [];
  const at = `${path}/cursor_field`;
  const known = fieldsOf(descriptor);
  if (known !== null && !known.includes(field)) return [unknownField('CURSOR_MISSING', at, field, known)];
  // What is new is decided by the source's own cursor: a different one would miss records without a word.
  if (descriptor.cursorField !== null && descriptor.cursorField !== field)
    return [
      {
        code: 'CURSOR_MISSING',
        path: at,
        message: 'is not the cursor by which the source reads',
        found: field,
        allowed: [descriptor.cursorField],
      },
    ];
  return [];
}

function checkFields(stream: SyncStream, descriptor: StreamDescriptor, path: string): Violation[] {
  const fields = stream.fields;
  if (fields === undefined) return [];
  const known = fieldsOf(descriptor);
  const unknown = fields.flatMap((field, index): Violation[] =>
    known === null || known.includes(field) ? [] : [unknownField('VALIDATION_FAILED', `${path}/fields/${index}`, field, known)],
  );
  const cursor = stream.cursor_field ?? descriptor.cursorField;
  const needed = [...(stream.primary_key ?? descriptor.primaryKey), ...(cursor === null ? [] : [cursor])];
  const absent = needed.filter((field) => !fields.includes(field));
  if (absent.length === 0 || isFullRefresh(stream.mode)) return unknown;
  return [
    ...unknown,
    { code: 'VALIDATION_FAILED', path: `${path}/fields`, message: `must contain key and cursor; missing: ${absent.join(', ')}` },
  ];
}

function checkMetadata(stream: SyncStream, path: string, { digests }: LoadingAbility): Violation[] {
  const index = stream.metadata?.indexOf('digest') ?? -1;
  if (index < 0 || digests) return [];
  const allowed = METADATA.filter((field) => field !== 'digest');
  const message = 'is no column that the destination can fill';
  return [{ code: 'VALIDATION_FAILED', path: `${path}/metadata/${index}`, message, found: 'digest', allowed }];
}

function duplicates(streams: readonly SyncStream[]): Violation[] {
  return streams.flatMap((stream, index): Violation[] => {
    const before = streams.slice(0, index);
    if (before.some(({ name }) => name === stream.name))
      return [{ code: 'VALIDATION_FAILED', path: `/streams/${index}/name`, message: 'is in the list twice', found: stream.name }];
    if (stream.action === undefined && before.some((other) => tableName(other) === tableName(stream)))
      return [
        {
          code: 'VALIDATION_FAILED',
          path: `/streams/${index}/table`,
          message: 'is the table of another stream too',
          found: tableName(stream),
        },
      ];
    return [];
  });
}
