import type { JsonObject } from '../../contracts/json.js';
import { SluiceError } from '../../errors/index.js';
import { stringifyJson } from '../../json/index.js';
import { schemaErrors } from '../spec/validate-config.js';
import type { ActionModel } from './compile-actions.js';
import { unknownAction } from './declarative-actions.js';

/** Throws UNKNOWN_ACTION, and VALIDATION_FAILED with every place of the input (`/input/…`) that breaks the action's schema. Values are not quoted. */
export function checkInput(actions: ReadonlyMap<string, ActionModel>, action: string, input: JsonObject): void {
  const model = actions.get(action);
  if (model === undefined) throw unknownAction(action, [...actions.keys()]);
  // Numbers of any size as the schema's checker knows numbers.
  const errors = schemaErrors(model.input, JSON.parse(stringifyJson(input)));
  if (errors.length === 0) return;
  throw new SluiceError('VALIDATION_FAILED', { errors: errors.map((error) => ({ ...error, path: `/input${error.path}` })) });
}
