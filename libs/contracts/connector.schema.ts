import { z } from 'zod';
import type { JsonObject } from './json.js';
import { fieldErrorSchema } from './problem.schema.js';
import { DELIVERIES, WRITERS } from './write-mode.js';
import { writeModeSchema } from './write-mode.schema.js';

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
    sluice: z
      .union([z.string().min(1).max(1_000_000), jsonObjectSchema])
      .nullish()
      .describe(
        'What stands beside it in sluice.yaml (actions): its text, whose errors are then told with line and column, or JSON. Absent: as in the current version; null: none.',
      ),
  })
  .meta({ id: 'NewConnector' });
export type NewConnector = z.output<typeof newConnectorSchema>;

export const connectorSummarySchema = z
  .object({
    name: z.string(),
    kind: z.enum(['source', 'destination']),
    version: z.string().describe('Hash of the content.'),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'ConnectorSummary' });

const unavailableStreamSchema = z.object({
  stream: z.string(),
  reason: z.string(),
  missing: z.array(z.object({ type: z.string(), class_name: z.string() })).describe('Code that the stream needs.'),
});

export const connectorSchema = z
  .object({
    ...connectorSummarySchema.shape,
    spec: jsonObjectSchema.describe('JSON schema of a connection’s `config`; fields with `airbyte_secret` are kept encrypted.'),
    streams: z.array(z.string()).describe('Streams that the manifest names; empty for destinations.'),
    unavailable: z.array(unavailableStreamSchema).describe('Those of them that cannot be read here.'),
    warnings: z
      .array(fieldErrorSchema)
      .describe('What in the manifest is accepted and probably not meant: fields that have no effect, with the likely name.'),
    actions: z.array(z.string()).describe('What can be called, by name.'),
    webhooks: z.array(z.string()).describe('What the provider sends when something happens, by name.'),
    delivery: z
      .partialRecord(writeModeSchema, z.enum(DELIVERIES))
      .nullable()
      .describe('What a destination promises in each mode that it has; null for sources.'),
    writers: z
      .enum(WRITERS)
      .nullable()
      .describe(
        'How many processes can load a destination at the same time; a worker that finds it taken waits. null for sources.',
      ),
    record_changes: z
      .boolean()
      .nullable()
      .describe('Whether a destination tells of the records that runs change, so that they can start flows; null for sources.'),
    versions: z
      .array(z.object({ version: z.string(), created_at: z.iso.datetime(), current: z.boolean() }))
      .describe('Newest first, at most 50. Running syncs keep the version they began with.'),
  })
  .meta({ id: 'Connector' });
export type ConnectorView = z.output<typeof connectorSchema>;
export type ConnectorSummaryView = z.output<typeof connectorSummarySchema>;

export const streamChangeSchema = z.object({
  stream: z.string(),
  change: z.enum(['removed', 'unavailable', 'available', 'primary_key', 'cursor_field', 'modes', 'resume', 'schema']),
  before: z.string().nullable(),
  after: z.string().nullable(),
  reset_needed: z.boolean().describe('What was loaded does not fit any more: load the stream anew.'),
});
export type StreamChange = z.output<typeof streamChangeSchema>;

/** What another version of a connector means for what uses it. */
export const connectorChangesSchema = z
  .object({
    streams_added: z.array(z.string()),
    streams_removed: z.array(z.string()),
    connections: z
      .array(z.object({ id: z.uuid(), name: z.string(), errors: z.array(fieldErrorSchema) }))
      .describe('Connections whose configuration the new version refuses; their syncs fail until it is changed.'),
    syncs: z
      .array(z.object({ id: z.uuid(), name: z.string(), connection_id: z.uuid(), streams: z.array(streamChangeSchema) }))
      .describe('Syncs for which something changes. Runs that are active end with the version they began with.'),
    complete: z.boolean().describe('false: there are more connections than are looked at (200).'),
  })
  .meta({ id: 'ConnectorChanges' });
export type ConnectorChangesView = z.output<typeof connectorChangesSchema>;

/** Answer of POST /v1/connectors. */
export const putConnectorSchema = z
  .object({
    ...connectorSchema.shape,
    outcome: z.enum(['created', 'updated', 'unchanged']).describe('`unchanged`: the current version has this very content.'),
    dry_run: z.boolean().describe('Nothing was stored.'),
    changes: connectorChangesSchema,
  })
  .meta({ id: 'PutConnector' });
export type PutConnectorView = z.output<typeof putConnectorSchema>;

const when = z.iso.datetime().nullable();
const address = z.string().nullable().describe('Where the provider says more, without query.');

const announcementSchema = z
  .object({
    connection_id: z.uuid(),
    operation: z.object({ kind: z.enum(['stream', 'action', 'lookup', 'credential', 'webhook']), name: z.string() }),
    host: z.string(),
    deprecated: z.boolean().describe('It has, or will have, a successor (`Deprecation`).'),
    deprecated_at: when.describe('Since or from when; null: it did not say.'),
    sunset_at: when.describe('When it will stop to answer (`Sunset`); null: it did not say.'),
    deprecation_link: address,
    sunset_link: address,
    first_seen_at: z.iso.datetime(),
    last_seen_at: z.iso.datetime().describe('At most a minute older than the last answer that said so.'),
  })
  .meta({ id: 'RetirementAnnouncement' });

/** Answer of GET /v1/connectors/{name}/versions. */
export const connectorVersionsSchema = z
  .object({
    versions: z
      .array(
        z.object({
          version: z.string().describe('Hash of the content.'),
          created_at: z.iso.datetime(),
          current: z.boolean(),
          api_version: z
            .object({ version: z.string(), in: z.string().nullable(), name: z.string().nullable() })
            .nullable()
            .describe('The provider’s version that its `sluice.yaml` declares; null: none.'),
          retirements_url: z.string().nullable().describe('Where the provider announces retirements.'),
        }),
      )
      .describe('Newest first, at most 50.'),
    announcements: z
      .array(announcementSchema)
      .describe(
        'What answers said of retirements: the newest word for each operation of each connection, the nearest end first; at most 1,000.',
      ),
    complete: z.boolean().describe('false: there are more announcements.'),
  })
  .meta({ id: 'ConnectorVersions' });
export type ConnectorVersionsView = z.output<typeof connectorVersionsSchema>;
