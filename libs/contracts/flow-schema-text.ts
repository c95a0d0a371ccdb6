import { z } from 'zod';
import { flowDefinitionSchema } from './flow.schema.js';

/** What an editor checks a flow against: docs/flow.schema.json. */
export const flowSchemaText = (): string =>
  `${JSON.stringify({ title: 'flow', ...z.toJSONSchema(flowDefinitionSchema, { io: 'input' }) }, null, 2)}\n`;
