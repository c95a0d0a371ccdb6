import { z } from 'zod';

/** How records or results no longer are what their schema says. */
export const DRIFT_CHANGES = ['new_field', 'missing_field', 'changed_type', 'new_enum_value'] as const;
export type DriftChange = (typeof DRIFT_CHANGES)[number];

/** Answer of GET /v1/connections/{id}/drift. */
export const connectionDriftSchema = z
  .object({
    data: z
      .array(
        z.object({
          operation: z.object({ kind: z.enum(['stream', 'action']), name: z.string() }),
          change: z
            .enum(DRIFT_CHANGES)
            .describe(
              '`new_field`: the schema does not have it; `missing_field`: required, or in every record so far; `changed_type`: the value has another type; `new_enum_value`: not one of those declared.',
            ),
          field: z.string().describe('JSON pointer; `*`: any element of a list, or a name that may be data.'),
          found: z
            .string()
            .nullable()
            .describe('`changed_type`: the JSON type that came; `new_enum_value`: its name where it is a plain word; else null.'),
          records: z.int().describe('Sampled records that have it, of all samples.'),
          first_seen_at: z.iso.datetime(),
          last_seen_at: z.iso.datetime(),
        }),
      )
      .describe('By operation and field; at most 1,000.'),
    complete: z.boolean().describe('false: there are more.'),
  })
  .meta({ id: 'Drift' });
export type ConnectionDriftView = z.output<typeof connectionDriftSchema>;
