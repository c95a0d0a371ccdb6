import { Ajv, type ErrorObject } from 'ajv';
import type { JsonObject } from '../../contracts/json.js';
import { SluiceError, type FieldError } from '../../errors/index.js';

/** ajv compiles a schema to code; what a manifest may make it compile is bounded. */
const MAX_SCHEMA_LENGTH = 200_000;

/** Checks a configuration against a connector's specification. Throws CONFIG_INVALID with pointers; values are never quoted, they may be secrets. */
export function validateConfig(specification: JsonObject, config: unknown): void {
  const validate = compile(specification);
  if (validate(config)) return;
  const errors = fieldErrors(validate.errors ?? []);
  throw new SluiceError('CONFIG_INVALID', {
    detail: errors
      .map(({ path, message }) => `${path || '/'}: ${message}`)
      .slice(0, 3)
      .join('; '),
    errors,
  });
}

/** Throws MANIFEST_INVALID when a specification is no usable JSON schema. */
export function assertSpecification(specification: JsonObject): void {
  compile(specification);
}

function compile(specification: JsonObject) {
  const invalid = (message: string, cause?: unknown): SluiceError =>
    new SluiceError('MANIFEST_INVALID', {
      detail: message,
      errors: [{ path: '/spec/connection_specification', message }],
      cause,
    });
  if (JSON.stringify(specification).length > MAX_SCHEMA_LENGTH) throw invalid('the specification is too large');
  // Airbyte's own keywords are unknown to ajv, and manifests name several drafts for one dialect.
  const { $schema: _dialect, $id: _id, ...schema } = specification;
  try {
    return new Ajv({ strict: false, allErrors: true, validateFormats: false, logger: false }).compile(schema);
  } catch (error) {
    throw invalid('the specification is not a valid JSON schema', error);
  }
}

function fieldErrors(errors: readonly ErrorObject[]): FieldError[] {
  const found = new Map<string, FieldError>();
  for (const error of errors) {
    const field = fieldError(error);
    // Alternatives that did not fit repeat each other.
    found.set(`${field.path} ${field.message}`, field);
  }
  return [...found.values()].slice(0, 20);
}

function fieldError({ instancePath: path, keyword, params, message = 'is not valid' }: ErrorObject): FieldError {
  switch (keyword) {
    case 'required':
      return { path: `${path}/${String(params['missingProperty'])}`, message: 'is missing' };
    case 'additionalProperties':
      return { path: `${path}/${String(params['additionalProperty'])}`, message: 'is not known to the connector' };
    case 'enum':
      return { path, message: 'is not one of the allowed values', allowed: (params['allowedValues'] as unknown[]).map(String) };
    case 'const':
      return { path, message: 'is not the allowed value', allowed: [String(params['allowedValue'])] };
    case 'type':
      return { path, message, allowed: [params['type']].flat().map(String) };
    case 'pattern':
      return { path, message: 'does not match the pattern', allowed: [String(params['pattern'])] };
    default:
      return { path, message };
  }
}
