import { z } from 'zod';
import { sluiceFileSchema } from './sluice-file.schema.js';

/** What an editor checks a sluice.yaml against: docs/sluice.schema.json. */
export const sluiceFileSchemaText = (): string =>
  `${JSON.stringify({ title: 'sluice.yaml', ...z.toJSONSchema(sluiceFileSchema, { io: 'input' }) }, null, 2)}\n`;
