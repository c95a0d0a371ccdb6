/** Values that survive JSON. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
export type JsonObject = { [key: string]: JsonValue };

/** A JSON schema (draft 7 as Airbyte uses it), looked at only as far as typing needs. */
export interface JsonSchema {
  type?: string | string[];
  format?: string;
  airbyte_type?: string;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema | JsonSchema[];
  [keyword: string]: unknown;
}
