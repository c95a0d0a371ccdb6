import type { JsonObject } from '../../contracts/json.js';
import { assertInput } from '../spec/input-schema.js';
import type { ActionModel } from './compile-actions.js';
import { unknownAction } from './declarative-actions.js';

/** Throws UNKNOWN_ACTION, and VALIDATION_FAILED as assertInput. */
export function checkInput(actions: ReadonlyMap<string, ActionModel>, action: string, input: JsonObject): void {
  const model = actions.get(action);
  if (model === undefined) throw unknownAction(action, [...actions.keys()]);
  assertInput(model.input, input);
}
