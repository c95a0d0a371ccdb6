import { z } from 'zod';

type JsonSchema = Record<string, unknown>;
export interface SchemaParts {
  schema: JsonSchema;
  /** Named schemas that it refers to below `#/components/schemas`. */
  components: Record<string, JsonSchema>;
}

/**
 * A schema as it stands in an OpenAPI 3.1 document, which says the dialect itself and keeps named schemas in one place. Answers are open: clients bear fields that they
 * do not know.
 */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): SchemaParts {
  const made = z.toJSONSchema(schema, {
    io,
    override: ({
      zodSchema: {
        _zod: { def },
      },
      jsonSchema,
    }) => {
      if (io === 'output' && def.type === 'object' && def.catchall === undefined) delete jsonSchema.additionalProperties;
    },
  });
  const { $schema: _dialect, $defs = {}, ...json } = placed(made) as JsonSchema;
  const components = Object.entries($defs as Record<string, JsonSchema>);
  return { schema: json, components: Object.fromEntries(components.map(([name, { id: _id, ...of }]) => [name, of])) };
}

function placed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(placed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string' ? inner.replace('#/$defs/', '#/components/schemas/') : placed(inner),
    ]),
  );
}

/** The named schemas of one document. Two that have a name in common must be the same. */
export class SchemaComponents {
  readonly all: Record<string, JsonSchema> = {};

  /** What stands in the place of `schema`. */
  add(schema: z.ZodType, io: 'input' | 'output'): SchemaParts {
    const parts = jsonSchemaOf(schema, io);
    this.keep(parts.components);
    return parts;
  }

  /** A schema that has another name as input than where it is shown, since fields with defaults may be left out there. */
  addInput(name: string, schema: z.ZodType): void {
    const { schema: root, components } = jsonSchemaOf(schema, 'input');
    const named = String(root['$ref']).replace('#/components/schemas/', '');
    const { [named]: body = root, ...others } = components;
    this.keep({ ...others, [name]: body });
  }

  private keep(components: SchemaParts['components']): void {
    for (const [name, component] of Object.entries(components)) {
      const known = (this.all[name] ??= component);
      if (JSON.stringify(known) !== JSON.stringify(component)) throw new Error(`two schemas are named ${name}`);
    }
  }
}
