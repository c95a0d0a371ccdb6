import type { JsonObject } from '../../contracts/json.js';
import { SluiceError, type FieldError } from '../../errors/index.js';
import { stringifyJson } from '../../json/index.js';
import { schemaErrors } from './validate-config.js';

/** Throws VALIDATION_FAILED with every place of the input (`/input/…`) that breaks its schema. Values are not quoted. */
export function assertInput(schema: JsonObject, input: JsonObject): void {
  // Numbers of any size as the schema's checker knows numbers.
  const errors = schemaErrors(schema, JSON.parse(stringifyJson(input)));
  if (errors.length === 0) return;
  throw new SluiceError('VALIDATION_FAILED', { errors: errors.map((error) => ({ ...error, path: `/input${error.path}` })) });
}

/** Why what stands at `path` is no usable JSON schema; nothing where there is none, or nothing is wrong. */
export function schemaProblem(schema: JsonObject | undefined, path: string): FieldError[] {
  if (schema === undefined) return [];
  try {
    schemaErrors(schema, {});
    return [];
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    return [{ path, message: error.detail ?? error.message }];
  }
}
