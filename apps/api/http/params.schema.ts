import { z } from 'zod';
import { connectorNameSchema } from '../../../libs/contracts/connector.schema.js';

/** What is in a path. */
const id = z.uuid().describe('Id of the resource.');

export const idParamSchema = z.object({ id });
export type IdParam = z.output<typeof idParamSchema>;
export const nameParamSchema = z.object({ name: connectorNameSchema.describe('Name of the connector.') });
export type NameParam = z.output<typeof nameParamSchema>;
export const streamParamSchema = z.object({ id, name: z.string().min(1).max(200).describe('Name of the stream.') });
export type StreamParam = z.output<typeof streamParamSchema>;
