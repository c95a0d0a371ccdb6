/** A quoted identifier. Names come from users and sources: they are quoted, never pasted. */
export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** schema.table, quoted. */
export function qualified(schema: string, name: string): string {
  return `${ident(schema)}.${ident(name)}`;
}

/**
 * A string literal for a simple-query message (sessions set standard_conforming_strings). NUL would end the message on the wire, and with it
 * the rest of the transaction, so it is refused here rather than trusted to every caller.
 */
export function literal(value: string | number | boolean | null): string {
  if (value === null) return 'NULL';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value.includes('\0')) throw new TypeError('a NUL character cannot be part of a statement');
  return `'${value.replaceAll("'", "''")}'`;
}

/** A JSON literal. JSON.stringify escapes NUL and lone surrogates, so every JSON value has one. */
export function jsonLiteral(value: unknown): string {
  return `${literal(JSON.stringify(value ?? null))}::json`;
}
