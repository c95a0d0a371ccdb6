/** An error as it may be logged. */
export interface SafeError {
  type: string;
  message: string;
  code?: string;
  stack?: string;
  constraint?: string;
  table?: string;
  column?: string;
  cause?: SafeError;
}

/** SQLSTATE classes whose messages speak of connections, statements and the server, never of values. */
const VALUE_FREE_SQLSTATES = /^(08|3D|42|53|55|57|58|XX)/;
const MAX_CAUSES = 5;
const MAX_MESSAGE = 500;

/** `user:password@` of an address in a text. */
const scrub = (text: string): string => text.replace(/\/\/[^/\s@]+@/g, '//***@');
const frames = (stack: string | undefined): string | undefined =>
  stack
    ?.split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/**
 * What of an error goes into a log: kind, code, words and where it happened. Messages that quote what was being read are withheld: those
 * of a database about values, and those of parsers.
 */
export function safeError(thrown: unknown, depth = 0): SafeError {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: 'not an Error' };
  const fields = thrown as Error & Record<string, unknown>;
  const code = text(fields['code']);
  const isDatabase = 'severity' in fields && 'routine' in fields;
  const hidden = thrown instanceof SyntaxError || (isDatabase && !VALUE_FREE_SQLSTATES.test(code ?? ''));
  const optional = {
    code,
    stack: frames(thrown.stack),
    constraint: isDatabase ? text(fields['constraint']) : undefined,
    table: isDatabase ? text(fields['table']) : undefined,
    column: isDatabase ? text(fields['column']) : undefined,
    cause: thrown.cause !== undefined && depth < MAX_CAUSES ? safeError(thrown.cause, depth + 1) : undefined,
  };
  return {
    type: thrown.name,
    message: hidden ? 'message withheld: it may quote a value' : scrub(thrown.message).slice(0, MAX_MESSAGE),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}
