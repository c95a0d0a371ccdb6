import type { ErrorKind } from './error-kind.js';

/** One row of the taxonomy: how a code is classified, answered over HTTP, and explained. */
export interface ErrorEntry {
  kind: ErrorKind;
  /** HTTP status of the problem document when the error reaches the API's caller. */
  http: number;
  /** What happened, in words that hold for every occurrence (RFC 9457 `title`). */
  title: string;
  /** What the reader should do next. */
  next: string;
  /** Overrides what the kind says about retrying. */
  retryable?: boolean;
}

const entry = (kind: ErrorKind, http: number, title: string, next: string, retryable?: boolean): ErrorEntry =>
  retryable === undefined ? { kind, http, title, next } : { kind, http, title, next, retryable };

/** The one table: code → HTTP → ApplicationFailure → words. `docs/errors.md` is generated from it. Codes are stable. */
export const ERROR_TABLE = {
  // requests to our own API
  INVALID_REQUEST: entry(
    'invalid_input',
    400,
    'The request could not be understood',
    'Correct the fields named in `errors` and send it again.',
  ),
  VALIDATION_FAILED: entry(
    'invalid_input',
    422,
    'The request breaks a rule',
    'Correct the fields named in `errors` and send it again.',
  ),
  UNAUTHORIZED: entry('auth', 401, 'No valid API key was sent', 'Send an API key as `Authorization: Bearer <key>`.'),
  NOT_FOUND: entry('invalid_input', 404, 'There is no such resource', 'Check the id; list the collection to see what exists.'),
  METHOD_NOT_ALLOWED: entry(
    'invalid_input',
    405,
    'This resource does not know that method',
    'See the API documentation at /v1/docs.',
  ),
  PAYLOAD_TOO_LARGE: entry(
    'invalid_input',
    413,
    'The request body is too large',
    'Send a smaller body; the limit is named in `detail`.',
  ),
  UNSUPPORTED_MEDIA_TYPE: entry(
    'invalid_input',
    415,
    'The body has a type that is not read here',
    'Send JSON (or YAML where the endpoint takes a manifest).',
  ),
  IDEMPOTENCY_KEY_REUSED: entry(
    'invalid_input',
    422,
    'This Idempotency-Key was used with another request',
    'Use a new key for a new request.',
  ),
  IDEMPOTENCY_IN_FLIGHT: entry(
    'conflict',
    409,
    'A request with this Idempotency-Key is still being answered',
    'Wait and repeat the request with the same key.',
    true,
  ),
  IN_USE: entry('conflict', 409, 'Something else still uses this resource', 'Delete or change what is named in `detail` first.'),
  NAME_TAKEN: entry('conflict', 409, 'The name is taken', 'Choose another name.'),
  VERSION_CONFLICT: entry(
    'conflict',
    409,
    'The resource was changed in the meantime',
    'Read it again, apply the change to what is there now, and send it again.',
  ),

  // definitions
  MANIFEST_INVALID: entry(
    'invalid_input',
    422,
    'The manifest is not a valid connector',
    'Correct the manifest at the path named in `errors`.',
  ),
  MANIFEST_UNSUPPORTED: entry(
    'invalid_input',
    422,
    'The manifest uses a component that this version cannot run',
    'Remove or replace the component named in `errors`.',
  ),
  CONFIG_INVALID: entry(
    'invalid_input',
    422,
    'The configuration does not fit the connector',
    'Correct the fields named in `errors`; the connector lists what it expects.',
  ),
  UNKNOWN_STREAM: entry(
    'invalid_input',
    422,
    'The connection has no such stream',
    'List the streams of the connection and choose one of them.',
  ),
  STREAM_UNAVAILABLE: entry(
    'invalid_input',
    422,
    'The stream needs code that is not here',
    'Choose other streams, or add a plug-in for the class named in `detail`: docs/connectors.md.',
  ),
  UNSUPPORTED_MODE: entry(
    'invalid_input',
    422,
    'The stream cannot be synced in this mode',
    'Choose one of the modes that the stream lists.',
  ),
  PRIMARY_KEY_MISSING: entry(
    'invalid_input',
    422,
    'The mode needs a primary key that the stream does not have',
    'Name existing fields as `primary_key`, or choose another mode.',
  ),
  CURSOR_MISSING: entry(
    'invalid_input',
    422,
    'The mode needs a cursor that the stream does not have',
    'Name an existing field as `cursor_field`, or choose a full-refresh mode.',
  ),
  STATE_INVALID: entry(
    'invalid_input',
    422,
    'The state is not one of this stream',
    'Correct what `errors` names; reading the state shows the form that the source keeps.',
  ),
  STATE_NOT_POSSIBLE: entry(
    'invalid_input',
    422,
    'This stream cannot be read from there',
    'See `detail`; a reset reads all of the stream again.',
  ),
  INVALID_SCHEDULE: entry('invalid_input', 422, 'The schedule is not valid', 'Correct the field named in `errors`.'),
  RESET_REQUIRED: entry(
    'conflict',
    409,
    'The change needs a reset of the streams concerned',
    'Repeat the request with `reset` listing those streams; they are then loaded anew.',
  ),

  // runs
  RUN_ACTIVE: entry(
    'conflict',
    409,
    'A run of this sync is active in this lane',
    'Wait for it, or cancel it; its address is in `run`.',
  ),
  RUN_NOT_ACTIVE: entry('conflict', 409, 'The run is in a state that does not allow this', 'Read the run to see its state.'),
  RUN_LOST: entry(
    'internal',
    500,
    'The run lost its workflow before it ended',
    'Start a new run: it goes on from what was committed.',
    false,
  ),
  RUN_CANCELLED: entry(
    'conflict',
    409,
    'The run was cancelled',
    'Start a new run when wanted: it goes on from what was committed.',
  ),
  VERIFICATION_ACTIVE: entry(
    'conflict',
    409,
    'A verification of this sync is under way',
    'Wait until it has ended, then ask for another.',
  ),
  VERIFICATION_DISTURBED: entry(
    'conflict',
    409,
    'A run was started while the table was compared with the source',
    'Verify again while no run is active: pause the schedule where runs follow each other closely.',
    false,
  ),
  NO_PROGRESS: entry(
    'provider_bug',
    502,
    'The run made no progress in three windows',
    'See the log for what it waited for; check the source and its limits.',
    false,
  ),
  STALE_RUN: entry('conflict', 409, 'A newer run of the sync has taken over', 'Nothing to do: the newer run carries on.'),
  STALE_WRITER: entry(
    'conflict',
    409,
    'A newer attempt has taken over this slice',
    'Nothing to do: the newer attempt carries on.',
  ),
  TEMPORAL_UNAVAILABLE: entry(
    'transient',
    503,
    'The workflow engine cannot be reached',
    'Nothing was started. Try again when Temporal is up.',
  ),
  STORE_UNAVAILABLE: entry('transient', 503, 'The control plane database cannot be reached', 'Try again when PostgreSQL is up.'),

  // sources
  SOURCE_UNREACHABLE: entry(
    'transient',
    502,
    'The source cannot be reached',
    'Check the address in the configuration and whether the system is up.',
  ),
  SOURCE_TIMEOUT: entry(
    'transient',
    504,
    'The source did not answer in time',
    'Try again; if it goes on, ask for smaller pages.',
  ),
  SOURCE_SERVER_ERROR: entry(
    'transient',
    502,
    'The source answered with a server error',
    'Try again; if it goes on, ask the provider.',
  ),
  SOURCE_AUTH_FAILED: entry('auth', 422, 'The source refused the credentials', 'Renew the credentials of the connection.'),
  SOURCE_REQUEST_REFUSED: entry(
    'invalid_input',
    422,
    'The source refused the request',
    'Check configuration and manifest against the provider’s documentation.',
  ),
  SOURCE_BAD_RESPONSE: entry(
    'provider_bug',
    502,
    'The source answered with something that is not what the manifest describes',
    'Compare what the provider documents with the manifest at the place named in `detail`; correct the manifest or ask the provider.',
  ),
  SOURCE_PERMISSION_DENIED: entry(
    'auth',
    422,
    'The source denies a permission',
    'Grant the permission named in `detail` to the connection’s role.',
  ),
  SOURCE_SHAPE_CHANGED: entry(
    'conflict',
    422,
    'What is to be read is not there any more, or has another shape',
    'Start a new run, which reads the catalog anew; take the stream out of the sync, or reset it, where that is not enough.',
  ),
  SOURCE_UNSUPPORTED: entry(
    'invalid_input',
    422,
    'The source lacks something that reading needs',
    'See `detail` for what is missing.',
  ),
  RATE_LIMITED: entry(
    'rate_limited',
    429,
    'The budget of the account is used up for now',
    'Wait until the time given; the run goes on by itself.',
  ),
  SOURCE_NOT_READY: entry(
    'rate_limited',
    503,
    'The source is still preparing what was asked for',
    'Wait until the time given; the run goes on by itself.',
  ),
  SOURCE_JOB_FAILED: entry(
    'provider_bug',
    502,
    'The source could not finish a job that was asked for',
    'See what the provider says of its jobs; start a new run to ask for them again.',
    false,
  ),
  POSITION_REFUSED: entry(
    'provider_bug',
    502,
    'The source no longer accepts the position where reading stopped',
    'Reset the stream to load it anew.',
    false,
  ),
  RESPONSE_TOO_LARGE: entry(
    'provider_bug',
    502,
    'The answer of the source is larger than allowed',
    'Ask for smaller pages.',
    false,
  ),
  EGRESS_REFUSED: entry(
    'invalid_input',
    422,
    'The address is not allowed as a target of outgoing calls',
    'Use a public address, or list host:port in SLUICE_EGRESS_ALLOW.',
  ),

  // destinations
  DESTINATION_UNREACHABLE: entry(
    'transient',
    502,
    'The destination cannot be reached',
    'Check the address in the configuration and whether the system is up.',
  ),
  DESTINATION_AUTH_FAILED: entry(
    'auth',
    422,
    'The destination refused the credentials',
    'Renew the credentials of the connection.',
  ),
  DESTINATION_PERMISSION_DENIED: entry(
    'auth',
    422,
    'The destination denies a permission',
    'Grant the permission named in `detail` to the connection’s role.',
  ),
  DESTINATION_DISK_FULL: entry(
    'transient',
    507,
    'The destination is out of space',
    'Free space at the destination and start the run again.',
    false,
  ),
  DESTINATION_TYPE_CONFLICT: entry(
    'provider_bug',
    422,
    'A value does not fit the column’s type',
    'See the column named in `detail`; correct the schema or the source.',
    false,
  ),
  DESTINATION_CONSTRAINT: entry(
    'conflict',
    422,
    'The destination’s own constraint refuses the records',
    'Drop or correct the constraint named in `detail`.',
  ),
  DESTINATION_BUSY: entry(
    'transient',
    503,
    'The destination held a lock for too long or broke a deadlock',
    'The run tries again by itself.',
  ),
  DESTINATION_UNSUPPORTED: entry(
    'invalid_input',
    422,
    'The destination lacks something that loading needs',
    'See `detail` for what is missing.',
  ),
  DELETES_EVERYTHING: entry(
    'conflict',
    409,
    'A whole read without any record would delete every row',
    'See why the source gives nothing. If that is right, set `deletes.allow_empty` of the stream and run again.',
  ),
  TABLE_OWNED: entry(
    'conflict',
    409,
    'The table belongs to another sync',
    'Choose another table, or delete the sync that owns it.',
  ),
  TABLE_SHAPE_CONFLICT: entry(
    'conflict',
    409,
    'The table that exists does not fit the stream',
    'Rename or drop the table, or choose another one.',
  ),
  SCHEMA_FROZEN: entry(
    'conflict',
    409,
    'The source sends what the frozen schema does not have',
    'The chunk that has it was not loaded. Let the table evolve (`contract` of the sync’s stream), leave the field out with `fields`, or correct the source; then start the run again.',
  ),
  SCHEMA_MOVED: entry(
    'transient',
    503,
    'The columns changed while a slice was written',
    'The run reads on by itself from the last chunk.',
  ),
  RECORD_TOO_LARGE: entry(
    'provider_bug',
    422,
    'A record is larger than allowed',
    'Exclude the field or the record at the source.',
    false,
  ),

  INTERNAL: entry(
    'internal',
    500,
    'Something went wrong inside Sluice',
    'Try again; if it goes on, report the code and the run id.',
  ),
} as const satisfies Record<string, ErrorEntry>;

/** A stable error code. */
export type ErrorCode = keyof typeof ERROR_TABLE;

/** Looks a code up without losing the entry's optional fields. */
export function errorEntry(code: ErrorCode): ErrorEntry {
  return ERROR_TABLE[code];
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_TABLE, value);
}
