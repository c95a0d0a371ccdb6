import { SluiceError, type ErrorCode } from '../../errors/index.js';

/** What may be kept of a driver's error: names and codes. Its message, detail and context quote values of records. */
interface Facts {
  sqlstate: string | null;
  table: string | null;
  column: string | null;
  constraint: string | null;
}

/** The cause that is kept: enough to look the failure up, nothing that came out of a record. */
class PostgresFailure extends Error {
  override readonly name = 'PostgresFailure';
  constructor(
    readonly facts: Facts,
    /** Driver's error code or class when there is no SQLSTATE. */
    readonly driver: string,
  ) {
    super(facts.sqlstate === null ? `connection failure ${driver}` : `SQLSTATE ${facts.sqlstate}`);
  }
}

/** Whole SQLSTATEs first, then classes. Everything else is INTERNAL. */
const STATES: Readonly<Record<string, ErrorCode>> = {
  SL001: 'STALE_RUN',
  SL002: 'STALE_WRITER',
  SL003: 'DESTINATION_BUSY', // complete() meets it and computes the state anew
  SL004: 'STALE_RUN', // the shape moved under the writer: only a newer prepare does that
  '42501': 'DESTINATION_PERMISSION_DENIED',
  '3D000': 'DESTINATION_UNSUPPORTED',
  '53100': 'DESTINATION_DISK_FULL',
  '53200': 'DESTINATION_BUSY',
  '53300': 'DESTINATION_BUSY',
  '55P03': 'DESTINATION_BUSY',
  '57014': 'DESTINATION_BUSY',
  '42P01': 'TABLE_SHAPE_CONFLICT',
  '42703': 'TABLE_SHAPE_CONFLICT',
  '42804': 'TABLE_SHAPE_CONFLICT',
  '42P10': 'TABLE_SHAPE_CONFLICT',
  '25006': 'DESTINATION_UNREACHABLE',
  '25P03': 'DESTINATION_UNREACHABLE',
  '55000': 'DESTINATION_UNSUPPORTED',
  '54000': 'DESTINATION_TYPE_CONFLICT',
};
const CLASSES: Readonly<Record<string, ErrorCode>> = {
  '08': 'DESTINATION_UNREACHABLE',
  '22': 'DESTINATION_TYPE_CONFLICT',
  '23': 'DESTINATION_CONSTRAINT',
  '28': 'DESTINATION_AUTH_FAILED',
  '40': 'DESTINATION_BUSY',
  '57': 'DESTINATION_UNREACHABLE',
  '58': 'DESTINATION_UNREACHABLE',
  '0A': 'DESTINATION_UNSUPPORTED',
};

/**
 * Any error of the driver or the server as a SluiceError, once, here. `columns` are names that may be recognised in COPY's context, which
 * otherwise is dropped with everything else that quotes values.
 */
export function fromPgError(thrown: unknown, context: { what: string; columns?: readonly string[] }): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Record<string, unknown>;
  const nested = error.cause instanceof SluiceError ? error.cause : undefined;
  if (nested) return nested;
  const code = typeof error.code === 'string' ? error.code : '';
  const sqlstate = /^[0-9A-Z]{5}$/.test(code) && 'severity' in error ? code : null;
  const facts: Facts = {
    sqlstate,
    table: name(error.table),
    column: name(error.column) ?? columnIn(error.where, context.columns ?? []),
    constraint: name(error.constraint),
  };
  const cause = new PostgresFailure(facts, code || (thrown instanceof Error ? thrown.name : typeof thrown));
  if (sqlstate === null) {
    const ours = thrown instanceof TypeError || thrown instanceof RangeError || thrown instanceof ReferenceError;
    return ours
      ? new SluiceError('INTERNAL', { detail: `${context.what}: unexpected ${thrown.name}`, cause })
      : new SluiceError('DESTINATION_UNREACHABLE', { detail: `${context.what}: ${code || 'the connection ended'}`, cause });
  }
  const parts = [
    facts.column === null ? '' : `column ${facts.column}`,
    facts.constraint === null ? '' : `constraint ${facts.constraint}`,
    facts.table === null ? '' : `table ${facts.table}`,
    sqlstate === '42501' ? permissionWords(error.message) : '',
    sqlstate === '55000' ? 'the table does not allow it as it is (a published one needs a replica identity)' : '',
    sqlstate === '3D000' ? 'the database does not exist' : '',
  ].filter((part) => part !== '');
  const details = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null)) as Record<string, string>;
  return new SluiceError(STATES[sqlstate] ?? CLASSES[sqlstate.slice(0, 2)] ?? 'INTERNAL', {
    detail: `${context.what}: ${[...parts, `SQLSTATE ${sqlstate}`].join(', ')}`,
    details,
    cause,
  });
}

/** The server's own permission messages hold object names only; anything of another form is dropped. */
function permissionWords(message: unknown): string {
  const text = typeof message === 'string' ? message : '';
  return /^(permission denied for|must be (owner|member) of|must be able to) [^:]{1,200}$/.test(text)
    ? text
    : 'permission denied';
}

const name = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** COPY says `COPY t, line 5, column c: "value"`. Only a name that we know is taken out of it. */
function columnIn(where: unknown, columns: readonly string[]): string | null {
  if (typeof where !== 'string') return null;
  const line = /^COPY .*?, line \d+, column ([\s\S]*)$/.exec(where)?.[1];
  if (line === undefined) return null;
  return (
    [...columns].sort((a, b) => b.length - a.length).find((column) => line.startsWith(`${column}:`) || line === column) ?? null
  );
}
