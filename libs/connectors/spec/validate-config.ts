import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { JsonObject } from '../../contracts/json.js';
import { SluiceError, type FieldError } from '../../errors/index.js';
import { boundedPattern } from './bounded-pattern.js';
import { plainSchema } from './plain-schema.js';

/** ajv compiles a schema to code; what a manifest may make it compile is bounded. */
const MAX_SCHEMA_LENGTH = 200_000;
const REMEMBERED = 200;

/** Checks a configuration against a connector's specification. Throws CONFIG_INVALID with pointers; values are never quoted, they may be secrets. */
export function validateConfig(specification: JsonObject, config: unknown): void {
  assertNoErrors(schemaErrors(specification, config));
}

/** Throws CONFIG_INVALID. */
export function assertNoErrors(errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  throw new SluiceError('CONFIG_INVALID', {
    detail: errors
      .map(({ path, message }) => `${path || '/'}: ${message}`)
      .slice(0, 3)
      .join('; '),
    errors: [...errors],
  });
}

/** What of a value does not fit a JSON schema; formats are not looked at, as in Airbyte. Throws MANIFEST_INVALID where the schema is none. */
export function schemaErrors(schema: JsonObject, value: unknown): FieldError[] {
  const validate = compile(schema);
  return validate(value) ? [] : fieldErrors(validate.errors ?? []);
}

/** Throws MANIFEST_INVALID when a specification is no usable JSON schema. */
export function assertSpecification(specification: JsonObject): void {
  compile(specification);
}

const compiled = new Map<string, ValidateFunction>();

function compile(specification: JsonObject): ValidateFunction {
  const invalid = (message: string, cause?: unknown): SluiceError =>
    new SluiceError('MANIFEST_INVALID', {
      detail: message,
      errors: [{ path: '/spec/connection_specification', message }],
      cause,
    });
  const text = JSON.stringify(specification);
  if (text.length > MAX_SCHEMA_LENGTH) throw invalid('the specification is too large');
  const known = compiled.get(text);
  if (known !== undefined) return known;
  try {
    const ajv = new Ajv({
      ...{ strict: false, allErrors: true, validateFormats: false, validateSchema: false, logger: false },
      code: { regExp: Object.assign((source: string) => boundedPattern(source), { code: 'new RegExp' }) },
    });
    const validate = ajv.compile(plainSchema(specification) as JsonObject);
    if (compiled.size >= REMEMBERED) compiled.clear();
    compiled.set(text, validate);
    return validate;
  } catch (error) {
    throw invalid(`the specification is not a valid JSON schema: ${error instanceof Error ? error.message : ''}`, error);
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
