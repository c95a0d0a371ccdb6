import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { scopesOfRoute, type ApiScope } from '../../../libs/contracts/api-scope.js';
import { newConnectorSchema } from '../../../libs/contracts/connector.schema.js';
import { flowDefinitionSchema } from '../../../libs/contracts/flow.schema.js';
import { problemSchema } from '../../../libs/contracts/problem.schema.js';
import { ANSWER_NOT_KEPT } from '../http/idempotency.interceptor.js';
import { DECLARED_SCOPES } from '../http/operation.decorator.js';
import { SchemaComponents } from './json-schema-of.js';

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header' as const,
  required: false,
  description: 'Repeating the request with the same key repeats its answer instead of its effect; kept for 30 days.',
  schema: { type: 'string', maxLength: 255 },
};

/** The OpenAPI document of the API. */
function openApiDocument(app: INestApplication, version: string): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Sluice')
    .setDescription(
      'Durable integration: syncs that survive crashes and land exactly once. Errors are problem documents (RFC 9457) with a stable `code`; lists are paged by `cursor`.',
    )
    .setVersion(version)
    .setOpenAPIVersion('3.1.0')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'The API that serves this document.')
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        description: 'An API key, `sl_…`. `x-api-key-scopes` of an operation: the scopes one of which the key needs.',
      },
      'apiKey',
    )
    .addSecurityRequirements('apiKey')
    .build();
  const components = new SchemaComponents();
  const document = SwaggerModule.createDocument(app, config, {
    standardSchemaConverter: (schema, { schemaType }) =>
      schema instanceof z.ZodType ? components.add(schema, schemaType) : undefined,
  });
  // Which no route names: problems, and bodies that are read as text.
  components.add(problemSchema, 'output');
  components.add(newConnectorSchema, 'input');
  components.addInput('NewFlow', flowDefinitionSchema);
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...(components.all as NonNullable<OpenAPIObject['components']>['schemas']) },
  };
  document.paths = Object.fromEntries(Object.entries(document.paths).map(([path, item]) => [plainPath(path), item]));
  for (const item of Object.values(document.paths)) showScopes(item as Record<string, Described>);
  for (const { post } of Object.values(document.paths)) if (post !== undefined) offerIdempotency(post);
  const start = document.paths['/v1/syncs/{id}/runs']?.post;
  if (start?.requestBody !== undefined && 'content' in start.requestBody) start.requestBody.required = false;
  return document;
}

/** On every POST but those whose answers are not kept; some say themselves what the key does there. */
function offerIdempotency(post: Described): void {
  const named = post.parameters?.some((parameter) => 'name' in parameter && parameter.name === IDEMPOTENCY_KEY.name) === true;
  if (!named && post[ANSWER_NOT_KEPT] !== true) post.parameters = [...(post.parameters ?? []), IDEMPOTENCY_KEY];
  delete post[ANSWER_NOT_KEPT];
}

interface Described {
  parameters?: object[];
  [ANSWER_NOT_KEPT]?: true;
  security?: object[];
  [DECLARED_SCOPES]?: readonly ApiScope[];
}

/** Each operation says what a key needs for it; what asks for no key has `security: []`. */
function showScopes(item: Record<string, Described>): void {
  for (const [method, operation] of Object.entries(item))
    if (operation.security?.length !== 0) operation[DECLARED_SCOPES] = scopesOfRoute(operation[DECLARED_SCOPES], method);
}

/** Address of a custom verb as a caller writes it: without the backslash of express's syntax. */
const plainPath = (path: string): string => path.replaceAll('\\:', ':').replaceAll('\\', '');

/** `/v1/docs` and `/v1/openapi.json`; every asset is our own. */
export function serveOpenApi(app: INestApplication, version: string): void {
  SwaggerModule.setup('v1/docs', app, () => openApiDocument(app, version), {
    jsonDocumentUrl: 'v1/openapi.json',
    raw: ['json'],
    customSiteTitle: 'Sluice API',
  });
}
