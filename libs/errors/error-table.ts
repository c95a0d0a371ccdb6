import { entry, type ErrorEntry } from './error-entry.js';
import { SYSTEM_ERRORS } from './system-errors.js';

/** The one table: code → HTTP → ApplicationFailure → words. `docs/errors.md` is generated from it. Codes are stable. */
export const ERROR_TABLE = {
  // requests to our own API
  INVALID_REQUEST: entry(
    'invalid_input',
    400,
    'The request could not be understood',
    'Correct what `detail` or `errors` name and send it again.',
  ),
  VALIDATION_FAILED: entry(
    'invalid_input',
    422,
    'The request breaks a rule',
    'Correct the fields named in `errors` and send it again.',
  ),
  UNAUTHORIZED: entry('auth', 401, 'No valid API key was sent', 'Send an API key as `Authorization: Bearer <key>`.'),
  SCOPE_MISSING: entry(
    'auth',
    403,
    'The API key may not do this',
    'Use a key that has the scope named in `detail`; `POST /v1/api-keys` makes one.',
  ),
  CALLS_LIMITED: entry('rate_limited', 429, 'More calls a minute than are allowed', 'Wait as long as `Retry-After` says.'),
  SIGNATURE_INVALID: entry(
    'auth',
    401,
    'The signature is missing or wrong',
    'Sign the body as it is sent, with the hook’s secret; `GET /v1/connectors/{name}/webhooks` names the scheme.',
  ),
  SIGNATURE_EXPIRED: entry(
    'auth',
    401,
    'The signature is right, and too old',
    'Sign anew when it is sent again, and see that the sender’s clock is right.',
  ),
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
  UNKNOWN_ACTION: entry(
    'invalid_input',
    404,
    'The connector has no such action',
    'List the connector’s actions and choose one of them.',
  ),
  FLOW_INVALID: entry(
    'invalid_input',
    422,
    'The flow is not valid',
    'Correct the flow at the paths named in `errors`; docs/flows.md and its schema say what is expected.',
  ),
  ENDPOINT_DISABLED: entry(
    'conflict',
    409,
    'The webhook endpoint is disabled',
    'Enable it with `PATCH /v1/webhook-endpoints/{id}` and send the request again.',
  ),
  FLOW_DISABLED: entry('conflict', 409, 'The flow is disabled', 'Enable it with `POST /v1/flows/{id}:enable`, then ask again.'),
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
  BACKFILL_NOT_POSSIBLE: entry(
    'invalid_input',
    422,
    'This stream cannot be backfilled beside its live lane',
    'Only incremental_upsert with a cursor and without deletes can tell old records from new ones whoever comes first: replay the stream’s state, or reset it, instead.',
  ),
  BACKFILL_BLOCKED: entry(
    'conflict',
    409,
    'The live lane is loading this table anew',
    'Start the backfill when that run has finished.',
    false,
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
  ACTION_REFUSED: entry(
    'invalid_input',
    422,
    'The provider refused the call',
    'See `provider_answer` of the run for what it says; correct the input and call again with a new key.',
  ),
  ACTION_GIVEN_UP: entry(
    'transient',
    504,
    'The call could not be made in time',
    'Nothing was done at the provider. Call again with a new key when it is up.',
    false,
  ),
  OUTCOME_UNKNOWN: entry(
    'conflict',
    409,
    'Nobody knows whether the call took effect',
    'Look at the provider whether it did, and say so with `POST /v1/action-runs/{id}:resolve`.',
    false,
  ),
  FLOW_EXPRESSION_FAILED: entry(
    'invalid_input',
    422,
    'An expression of the flow failed on what it was given',
    'Correct the expression at the path named in `errors`, or what it is given; `:dry-run` shows what it makes of an input.',
  ),
  FLOW_COMPENSATION_FAILED: entry(
    'conflict',
    409,
    'A step failed, and not all that had been done could be undone',
    'See `undone` of the run’s steps, and undo the rest at the provider.',
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

  ...SYSTEM_ERRORS,

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
