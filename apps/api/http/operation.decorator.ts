import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension, ApiOperation, ApiResponse, type ApiResponseOptions } from '@nestjs/swagger';
import type { z } from 'zod';
import type { ApiScope } from '../../../libs/contracts/api-scope.js';
import { errorEntry, SluiceError, toProblem, type ErrorCode } from '../../../libs/errors/index.js';

export interface OperationOptions {
  /** Unique; clients are generated from it. */
  id: string;
  summary: string;
  /** Default 200. */
  status?: number;
  /** Schema of the answer; none: it has no body. */
  answer?: z.ZodType;
  description?: string;
  /** What can go wrong besides what can go wrong everywhere. */
  problems?: readonly ErrorCode[];
  headers?: Record<string, string>;
  /** Of an API key, one of which is enough; default: `read` for GET, `operate` for everything else. */
  scopes?: readonly ApiScope[];
}

/** The field of an operation that names its scopes; the document's maker fills in those that are not declared. */
export const DECLARED_SCOPES = 'x-api-key-scopes';
/** Where the guard finds the scopes that a route declares. */
export const SCOPES = Symbol('scopes');

const WITH_KEY: readonly ErrorCode[] = ['UNAUTHORIZED', 'SCOPE_MISSING'];
const EVERYWHERE: readonly ErrorCode[] = [...WITH_KEY, 'STORE_UNAVAILABLE', 'INTERNAL'];
/** Nest looks here for what TypeScript would emit with `emitDecoratorMetadata`; without it, the documentation would miss all parameters. */
const PARAMETER_TYPES = 'design:paramtypes';

/** Describes a route in the OpenAPI document: its answer, and every problem with an example. */
export const Operation = (options: OperationOptions): MethodDecorator => describeOperation(options, { open: false });

/** Of a route that asks for no API key. */
export const OpenOperation = (options: OperationOptions): MethodDecorator => describeOperation(options, { open: true });

function describeOperation(options: OperationOptions, { open }: { open: boolean }): MethodDecorator {
  const { id, summary, description, status = 200, answer, problems = [], headers = {}, scopes } = options;
  const everywhere = open ? EVERYWHERE.filter((code) => !WITH_KEY.includes(code)) : EVERYWHERE;
  const words = { operationId: id, summary, ...(description === undefined ? {} : { description }) };
  return applyDecorators(
    declareParameters,
    SetMetadata(SCOPES, scopes),
    ...(scopes === undefined ? [] : [ApiExtension(DECLARED_SCOPES, scopes)]),
    ApiOperation({ ...words, ...(open ? { security: [] } : {}) }),
    ApiResponse({
      ...{ status, description: answer === undefined ? 'Done.' : summary },
      ...(answer === undefined ? {} : { standardSchema: answer }),
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, text]) => [name, { description: text, schema: { type: 'string' } }]),
      ),
    }),
    ...problemResponses([...problems, ...everywhere]),
  );
}

const declareParameters: MethodDecorator = (target, key, descriptor) => {
  const { length } = descriptor.value as unknown as { length: number };
  Reflect.defineMetadata(PARAMETER_TYPES, Array<unknown>(length).fill(Object), target, key);
};

function problemResponses(codes: readonly ErrorCode[]): MethodDecorator[] {
  const statuses = [...new Set(codes.map((code) => errorEntry(code).http))];
  return statuses.map((status) => {
    const here = codes.filter((code) => errorEntry(code).http === status);
    const response: ApiResponseOptions = {
      status,
      description: here.map((code) => `${code}: ${errorEntry(code).title}.`).join('\n\n'),
      content: {
        'application/problem+json': {
          schema: { $ref: '#/components/schemas/Problem' },
          examples: Object.fromEntries(here.map((code) => [code, { value: toProblem(new SluiceError(code)) }])),
        },
      },
    };
    return ApiResponse(response);
  });
}
