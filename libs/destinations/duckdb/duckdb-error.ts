import { SluiceError, type ErrorCode } from '../../errors/index.js';

/** How long whoever finds the file taken waits before asking again. A run gives up after three windows without progress: not within a minute. */
const ASK_AGAIN_MS = 20_000;

/** By the beginning of DuckDB's message. */
const CODES: readonly (readonly [RegExp, ErrorCode])[] = [
  [/Could not set lock on file/, 'DESTINATION_IN_USE'],
  [/No space left|Disk full|disk is full/i, 'DESTINATION_DISK_FULL'],
  [/Permission denied|Read-only file system/, 'DESTINATION_PERMISSION_DENIED'],
  [/^Conversion Error/, 'DESTINATION_TYPE_CONFLICT'],
  [/^Constraint Error/, 'DESTINATION_CONSTRAINT'],
  [/^Out of Memory/i, 'DESTINATION_UNSUPPORTED'],
  [/^TransactionContext Error|^Interrupt/i, 'DESTINATION_BUSY'],
  [/^IO Error/, 'DESTINATION_UNREACHABLE'],
];

const WORDS: Readonly<Partial<Record<ErrorCode, string>>> = {
  DESTINATION_IN_USE: 'another process has the DuckDB file open',
  DESTINATION_UNSUPPORTED:
    'a chunk, or a slice that cannot be resumed, needs more memory than memory_limit_mb of the connection allows',
};

/** DuckDB's messages quote values, so only the class of one is kept. */
export function duckdbError(what: string, thrown: unknown): SluiceError {
  if (thrown instanceof SluiceError) return thrown;
  const message = (thrown as { message?: string } | null)?.message ?? '';
  const code = CODES.find(([pattern]) => pattern.test(message))?.[1] ?? 'INTERNAL';
  const kind = /^[A-Z][A-Za-z ]{2,30} Error/.exec(message)?.[0] ?? 'error';
  return new SluiceError(code, {
    detail: WORDS[code] ?? `${what}: ${kind}`,
    ...(code === 'DESTINATION_IN_USE' ? { retryAt: Date.now() + ASK_AGAIN_MS } : {}),
    cause: thrown,
  });
}
