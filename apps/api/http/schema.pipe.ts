import { StandardSchemaValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import { z } from 'zod';
import { SluiceError, type ErrorCode, type FieldError } from '../../../libs/errors/index.js';
import { toFieldErrors } from './field-errors.js';

/**
 * Nest's own validation by the schema beside each parameter; what breaks it becomes a problem. Errors: NOT_FOUND for an id in the
 * path that can be none, INVALID_SCHEDULE when only the schedule is wrong, VALIDATION_FAILED.
 */
export class SchemaPipe extends StandardSchemaValidationPipe {
  override async transform<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    const { schema } = metadata;
    if (schema === undefined || !this.toValidate(metadata)) return value;
    this.stripProtoKeys(value);
    const result = await this.validate<T>(value, schema);
    if (result.issues === undefined) return result.value;
    // Every schema here is zod's, so its issues are the richer ones.
    const errors = toFieldErrors(
      result.issues as readonly z.core.$ZodIssue[],
      value,
      schema instanceof z.ZodObject ? schema : undefined,
    );
    if (metadata.type === 'param') throw new SluiceError('NOT_FOUND', { detail: notInAddress(errors) });
    const code: ErrorCode = errors.every(({ path }) => /^\/schedule(\/|$)/.test(path)) ? 'INVALID_SCHEDULE' : 'VALIDATION_FAILED';
    throw new SluiceError(code, { errors, ...(metadata.type === 'query' ? { detail: 'in the query' } : {}) });
  }
}

/** What in a path can be nothing's: the name of a connection where its id is meant, above all. */
function notInAddress(errors: readonly FieldError[]): string {
  const names = errors.map(({ path }) => path.slice(1));
  return `the ${names.join(' and ')} in the address can be none${names.includes('id') ? ': ids are UUIDs' : ''}`;
}
