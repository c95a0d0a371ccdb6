import { z } from 'zod';
import { connectorNameSchema } from '../../../libs/contracts/connector.schema.js';

/** What is in a path. */
export const idParamSchema = z.object({ id: z.uuid() });
export type IdParam = z.output<typeof idParamSchema>;
export const nameParamSchema = z.object({ name: connectorNameSchema });
export type NameParam = z.output<typeof nameParamSchema>;
export const streamParamSchema = z.object({ id: z.uuid(), name: z.string().min(1).max(200) });
export type StreamParam = z.output<typeof streamParamSchema>;
