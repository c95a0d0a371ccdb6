import { z } from 'zod';
import type { JsonValue } from './json.js';

const json = z.json();
// What any JSON is needs no words in a JSON schema; zod's would be a definition of its own that refers to itself, under a name that depends on the order.
json._zod.toJSONSchema = () => ({});

/** Any JSON. */
export const jsonValueSchema = json as unknown as z.ZodType<JsonValue, JsonValue>;
