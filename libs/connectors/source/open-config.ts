import type { JsonObject } from '../../contracts/json.js';
import type { FieldError } from '../../errors/index.js';
import { assertNoErrors, schemaErrors } from '../spec/validate-config.js';
import { scopeOf } from './environment.js';
import type { SourceModel } from './source.component.js';

/** The configuration as streams see it: migrated and changed as the manifest says. Throws CONFIG_INVALID where a template of it fails. */
export function normalizeConfig(model: SourceModel, config: JsonObject, nowMs: number): JsonObject {
  return model.rules.normalize(config, (changed) => scopeOf(changed, nowMs, null));
}

/**
 * A configuration that may be used, normalised. Its form is checked after its migrations, as in Airbyte: an older one is as good. Defaults
 * are not filled in, as in Airbyte. Throws CONFIG_INVALID with pointers; values are never quoted, they may be secrets.
 */
export function openConfig(model: SourceModel, config: JsonObject, nowMs: number): JsonObject {
  const normalized = normalizeConfig(model, config, nowMs);
  const wrong: readonly FieldError[] = schemaErrors(model.connectionSpecification, normalized);
  assertNoErrors(wrong.length > 0 ? wrong : model.rules.check(normalized, (changed) => scopeOf(changed, nowMs, null)));
  return normalized;
}
