import type { JsonSchema } from '../../contracts/json.js';
import type { Scope } from '../manifest/interpolation.js';

/** What a loader may ask while it loads. */
export interface SchemaContext {
  scope: Scope;
  /** The first record that a retriever finds; undefined: it finds none. Errors as for reading. */
  firstRecord: (retriever: unknown) => Promise<unknown>;
}

/** Where a stream's schema comes from. */
export interface SchemaLoader {
  /** The schema where it stands in the manifest; null: it must be loaded. */
  readonly fixed: JsonSchema | null;
  /** Errors: SOURCE_BAD_RESPONSE where what the source says of its fields is not what the manifest describes, and those of reading. */
  load(context: SchemaContext): Promise<JsonSchema>;
}

/** A stream, as far as its schema is concerned. */
export interface SchemaOwner {
  readonly name: string;
  readonly schema: SchemaLoader;
}

export const fixedSchema = (schema: JsonSchema): SchemaLoader => ({ fixed: schema, load: async () => schema });

/** Of a stream whose manifest says nothing: any object. */
export const noSchema: SchemaLoader = fixedSchema({});
