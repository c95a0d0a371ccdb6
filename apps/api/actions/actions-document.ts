import { actionRunSchema, type ActionView } from '../../../libs/contracts/action.schema.js';
import type { JsonObject } from '../../../libs/contracts/json.js';
import { problemSchema } from '../../../libs/contracts/problem.schema.js';
import { jsonSchemaOf } from '../docs/json-schema-of.js';

/**
 * The actions of one connector as an OpenAPI 3.1 document: one operation an action, with its own schemas, so that clients can be made for them. Schemas keep
 * the dialect that connectors are written in (draft 7), and references inside them stay theirs: each is a resource with a `$id`. Pure.
 */
export function actionsDocument({
  connector,
  version,
  actions,
}: {
  connector: string;
  version: string;
  actions: readonly ActionView[];
}): JsonObject {
  const named = (action: ActionView, part: string): string => `${action.name}.${part}`;
  const resource = (name: string, schema: JsonObject): JsonObject => ({
    $id: `urn:sluice:${connector}:${name}`,
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...schema,
  });
  const schemas = Object.fromEntries(
    actions.flatMap((action) => [
      [named(action, 'input'), resource(named(action, 'input'), action.input)],
      ...(action.output === null ? [] : [[named(action, 'result'), resource(named(action, 'result'), action.output)]]),
    ]),
  ) as JsonObject;
  return {
    openapi: '3.1.0',
    info: { title: `Actions of ${connector}`, version },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }],
    paths: Object.fromEntries(
      actions.map((action) => [`/v1/connections/{id}/actions/${action.name}`, { post: operation(action, named) }]),
    ),
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } },
      schemas: { ...shared, ...schemas },
    },
  };
}

function operation(action: ActionView, named: (action: ActionView, part: string) => string): JsonObject {
  const run = schema('ActionRun');
  const ended = action.output === null ? run : { allOf: [run, { properties: { result: schema(named(action, 'result')) } }] };
  return {
    operationId: action.name,
    summary: action.description ?? action.name,
    parameters: [
      parameter('id', 'path', 'The connection.'),
      parameter('Idempotency-Key', 'header', 'The same key and input give the same run.'),
      parameter('Prefer', 'header', '`wait=N`: seconds to wait for the result; `respond-async`: none.'),
    ],
    requestBody: {
      required: true,
      content: json('application/json', {
        type: 'object',
        required: ['input'],
        additionalProperties: false,
        properties: { input: schema(named(action, 'input')) },
      }),
    },
    responses: {
      200: { description: 'It succeeded.', content: json('application/json', ended) },
      202: { description: 'It takes longer: `Location` is the address of its run.', content: json('application/json', run) },
      default: { description: 'A problem, which names the run.', content: json('application/problem+json', schema('Problem')) },
    },
  };
}

const schema = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });
const json = (type: string, of: JsonObject): JsonObject => ({ [type]: { schema: of } });
const parameter = (name: string, place: 'path' | 'header', description: string): JsonObject => ({
  ...{ name, in: place, required: place === 'path', description },
  schema: place === 'path' ? { type: 'string', format: 'uuid' } : { type: 'string' },
});

/** ActionRun and Problem, and what they refer to. */
const shared = Object.assign(
  {},
  ...[actionRunSchema, problemSchema].map((of) => jsonSchemaOf(of, 'output').components),
) as JsonObject;
