import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormatsModule from 'ajv-formats';
import type { JsonObject, JsonSchema } from '../contracts/json.js';
import { SluiceError, type FieldError } from '../errors/index.js';
import { splitSecrets } from './config-secrets.js';
import { toPointer, valueAt } from './json-pointer.js';

/** A larger spec is refused: ajv compiles it to code. */
const MAX_SPEC_BYTES = 200_000;
const MAX_FOUND = 80;
/** Compiled validators kept; a spec is small and connectors are few. */
const MAX_COMPILED = 200;
const compiled = new Map<string, ValidateFunction>();
// ajv-formats is CommonJS: under ESM its function is the default of the default.
const addFormats = addFormatsModule as unknown as (ajv: Ajv) => void;

/** Compiles a connector's spec. Errors: MANIFEST_INVALID when it is no JSON schema. */
function compileSpec(spec: JsonSchema): ValidateFunction {
  const key = JSON.stringify(spec);
  const known = compiled.get(key);
  if (known !== undefined) return known;
  if (key.length > MAX_SPEC_BYTES) throw specError(`must not be larger than ${MAX_SPEC_BYTES} bytes`);
  // One instance a spec: two specs may use the same $id.
  const ajv = new Ajv({ allErrors: true, strict: false, validateSchema: false });
  addFormats(ajv);
  try {
    const validate = ajv.compile({ ...spec, $schema: undefined });
    if (compiled.size >= MAX_COMPILED) compiled.clear();
    compiled.set(key, validate);
    return validate;
  } catch (error) {
    throw specError('is not a JSON schema', error);
  }
}

const specError = (message: string, cause?: unknown): SluiceError =>
  new SluiceError('MANIFEST_INVALID', { errors: [{ path: '/spec/connection_specification', message }], cause });

/** Checks that a spec can be used at all. Errors: MANIFEST_INVALID. */
export function assertUsableSpec(spec: JsonSchema): void {
  compileSpec(spec);
}

/** Checks a whole configuration, secrets included. Errors: CONFIG_INVALID with pointers below /config; a secret's value is never repeated. */
export function validateConfig(spec: JsonSchema, config: JsonObject): void {
  const validate = compileSpec(spec);
  if (validate(config)) return;
  const secrets = new Set(Object.keys(splitSecrets(spec, config).secrets));
  throw new SluiceError('CONFIG_INVALID', {
    errors: (validate.errors ?? []).map((error) => toFieldError(error, config, secrets)),
  });
}

function toFieldError(error: ErrorObject, config: JsonObject, secrets: ReadonlySet<string>): FieldError {
  const params = error.params as Record<string, unknown>;
  const missing = params['missingProperty'];
  const unknown = params['additionalProperty'];
  const extra = typeof missing === 'string' ? missing : typeof unknown === 'string' ? unknown : null;
  const pointer = error.instancePath + (extra === null ? '' : toPointer([extra]));
  const allowed = params['allowedValues'] ?? (params['allowedValue'] === undefined ? undefined : [params['allowedValue']]);
  return {
    path: `/config${pointer}`,
    message:
      typeof missing === 'string'
        ? 'is required'
        : typeof unknown === 'string'
          ? 'is not known to the connector'
          : (error.message ?? 'is not valid'),
    ...(extra === null ? { found: describe(config, error.instancePath, secrets) } : {}),
    ...(Array.isArray(allowed) ? { allowed: allowed.map(String) } : {}),
  };
}

/** What is at the pointer: a short value, or only its type where it is, or might be, secret. */
function describe(config: JsonObject, pointer: string, secrets: ReadonlySet<string>): string {
  const value = valueAt(config, pointer);
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'object' || value === undefined || secrets.has(pointer)
    ? typeof value
    : String(value).slice(0, MAX_FOUND);
}
