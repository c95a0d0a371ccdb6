import { SluiceError, type ErrorCode } from '../errors/index.js';

/** What may be kept of a driver's error: names and codes. Its message, detail and context quote values of records. */
interface Facts {
  sqlstate: string | null;
  table: string | null;
  column: string | null;
  constraint: string | null;
}

/** What an error is about. */
export interface PgErrorContext {
  /** For whom the statement was, in words. */
  what: string;
  /** Names that may be recognised in COPY's context. */
  columns?: readonly string[];
}

/** What a server's refusals are called at one end of a sync. Whole SQLSTATEs first, then classes; everything else is INTERNAL. */
export interface PgErrorCodes {
  states: Readonly<Record<string, ErrorCode>>;
  classes: Readonly<Record<string, ErrorCode>>;
  /** For failures of the connection, which have no SQLSTATE. */
  unreachable: ErrorCode;
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

/**
 * Any error of the driver or the server as a SluiceError, once, here. `columns` are names that may be recognised in COPY's context, which
 * otherwise is dropped with everything else that quotes values.
 */
export function translatePgError(thrown: unknown, context: PgErrorContext, codes: PgErrorCodes): SluiceError {
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
      : new SluiceError(codes.unreachable, { detail: `${context.what}: ${code || 'the connection ended'}`, cause });
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
  return new SluiceError(codes.states[sqlstate] ?? codes.classes[sqlstate.slice(0, 2)] ?? 'INTERNAL', {
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
