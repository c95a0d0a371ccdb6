import { entry, type ErrorEntry } from './error-entry.js';

/** The part of the table that is about the systems at both ends. */
export const SYSTEM_ERRORS = {
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
} as const satisfies Record<string, ErrorEntry>;
