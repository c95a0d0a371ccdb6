import { StandardSchemaValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import type { z } from 'zod';
import { SluiceError, type ErrorCode } from '../../../libs/errors/index.js';
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
    if (metadata.type === 'param') throw new SluiceError('NOT_FOUND');
    // Every schema here is zod's, so its issues are the richer ones.
    const errors = toFieldErrors(result.issues as readonly z.core.$ZodIssue[], value);
    const code: ErrorCode = errors.every(({ path }) => /^\/schedule(\/|$)/.test(path)) ? 'INVALID_SCHEDULE' : 'VALIDATION_FAILED';
    throw new SluiceError(code, { errors, ...(metadata.type === 'query' ? { detail: 'in the query' } : {}) });
  }
}
