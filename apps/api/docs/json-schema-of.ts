import { z } from 'zod';

/** A schema as it stands in an OpenAPI document, which says the dialect itself and names schemas by their place. */
export function jsonSchemaOf(schema: z.ZodType, options: Parameters<typeof z.toJSONSchema>[1]): Record<string, unknown> {
  const { $schema: _dialect, id: _id, ...json } = z.toJSONSchema(schema, options);
  return json;
}
