import type { JsonObject } from '../../contracts/json.js';
import type { SourceRecord } from '../../contracts/stream.js';
import { SluiceError, type FieldError } from '../../errors/index.js';
import { compileText, compileTree } from './value-tree.js';

/** Makes an action's input of a record. Errors: VALIDATION_FAILED. */
export type RowInput = (record: SourceRecord) => JsonObject;

const NAMES: ReadonlySet<string> = new Set(['record']);

/** `tree`: JSON with templates that see `record`; undefined: the record as it is. Errors: VALIDATION_FAILED with every template that does not compile. */
export function compileRowInput(tree: JsonObject | undefined): RowInput {
  if (tree === undefined) return (record) => record as JsonObject;
  const errors: FieldError[] = [];
  const fill = compileTree(
    tree,
    '',
    compileText((error) => errors.push(error), NAMES),
  );
  if (errors.length > 0) throw new SluiceError('VALIDATION_FAILED', { errors });
  return (record) => fill({ nowMs: Date.now(), names: { record } }) as JsonObject;
}
