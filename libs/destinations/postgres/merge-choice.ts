import { compileComparingMerge, compileMerge } from './merge.js';
import { olderThanRow, rowOf, type MergeParts } from './merge-parts.js';
import { literal } from './quote.js';
import { STAGE } from './stage.js';

/** Lines of the stage that are looked at: enough to know a half from a tenth, few beside the smallest chunk. */
const SAMPLE_LINES = 200;

/**
 * Compiles the merge of a chunk and the statement that it is the head of: the one that compares first where most lines of a sample would change nothing, else the
 * one that does not. Both have the same effect and the same counts. The server chooses, in the message of the merge: a look from here would
 * hold a lock on the table while nobody knows whether we are still alive. Only the chosen one is planned.
 */
export function compileChosenMerge(parts: MergeParts): (lines: number, rest: string) => string {
  const merge = compileMerge(parts);
  if (!parts.comparable) return (lines, rest) => `${merge(lines)}\n${rest}`;
  const comparing = compileComparingMerge(parts);
  const unchanged = mostlyUnchanged(parts);
  // A column may be called as one of PL/pgSQL's own variables.
  return (lines, rest) =>
    `DO ${literal(`#variable_conflict use_column
BEGIN
IF ${unchanged(lines)} THEN
${comparing}
${rest};
ELSE
${merge(lines)}
${rest};
END IF;
END`)}`;
}

/** Whether most of the lines in some pages from all over the stage, always the same ones, would change nothing. */
function mostlyUnchanged(parts: MergeParts): (lines: number) => string {
  const look = rowOf(parts, 's', `${olderThanRow(parts)} OR ${parts.same} AS idle`);
  return (lines) => `(SELECT 2 * count(*) FILTER (WHERE t.idle) > count(*)
  FROM ${STAGE} s TABLESAMPLE SYSTEM (${Math.min(100, (100 * SAMPLE_LINES) / lines)}) REPEATABLE (0) ${look})`;
}
