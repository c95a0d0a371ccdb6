import { isRetryableKind } from './error-kind.js';
import { ERROR_TABLE, errorEntry, type ErrorCode } from './error-table.js';

const INTRODUCTION = `# Error codes

Generated from \`libs/errors/error-table.ts\` by \`npm run docs\`. Codes are stable. The API answers them as problem documents (RFC 9457) with \`code\`, \`kind\`, \`detail\`,
\`next\` and, for invalid input, \`errors\` with the path of each field; a failed run carries the same. "Retried" says whether a run tries the step again by itself.
`;

/** The text of docs/errors.md. */
export function errorPage(): string {
  const codes = Object.keys(ERROR_TABLE) as ErrorCode[];
  const sections = codes.map((code) => {
    const entry = errorEntry(code);
    const retried = (entry.retryable ?? isRetryableKind(entry.kind)) ? 'yes' : 'no';
    return `## ${code}\n\n${entry.title}. ${entry.next}\n\nKind \`${entry.kind}\`, HTTP ${entry.http}, retried: ${retried}.\n`;
  });
  return [INTRODUCTION, ...sections].join('\n');
}
