import { z } from 'zod';
import type { JsonObject } from './json.js';

/** A JSON object as a JSON parser made it: deeper checks are those of whoever reads it. */
export const jsonObjectSchema = z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject, JsonObject>;

export const connectorNameSchema = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'lower-case letters, digits and dashes');

/** POST /v1/connectors as JSON; as YAML the body is the manifest and the name is in the query. */
export const newConnectorSchema = z
  .strictObject({
    name: connectorNameSchema,
    manifest: jsonObjectSchema.describe('An Airbyte declarative manifest.'),
  })
  .meta({ id: 'NewConnector' });
export type NewConnector = z.output<typeof newConnectorSchema>;

export const connectorSummarySchema = z
  .object({
    name: z.string(),
    kind: z.enum(['source', 'destination']),
    version: z.string().describe('Hash of the manifest.'),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'ConnectorSummary' });

export const connectorSchema = z
  .object({
    ...connectorSummarySchema.shape,
    spec: jsonObjectSchema.describe('JSON schema of a connection’s `config`; fields with `airbyte_secret` are kept encrypted.'),
    streams: z.array(z.string()).describe('Streams that the manifest names; empty for destinations.'),
    delivery: z.enum(['exactly_once', 'at_least_once']).nullable().describe('What a destination promises; null for sources.'),
  })
  .meta({ id: 'Connector' });
export type ConnectorView = z.output<typeof connectorSchema>;
export type ConnectorSummaryView = z.output<typeof connectorSummarySchema>;
