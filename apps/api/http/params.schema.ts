import { z } from 'zod';
import { connectorNameSchema } from '../../../libs/contracts/connector.schema.js';

/** What is in a path. */
export const idParamSchema = z.object({ id: z.uuid() });
export type IdParam = z.output<typeof idParamSchema>;
export const nameParamSchema = z.object({ name: connectorNameSchema });
export type NameParam = z.output<typeof nameParamSchema>;
