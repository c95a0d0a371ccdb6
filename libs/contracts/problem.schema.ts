import { z } from 'zod';

export const fieldErrorSchema = z.object({
  path: z.string().describe('JSON pointer into what was sent.'),
  message: z.string(),
  found: z.string().optional(),
  allowed: z.array(z.string()).optional(),
});

/** RFC 9457; codes and words are those of libs/errors. */
export const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string().describe('Stable; see the error reference.'),
    kind: z.string(),
    detail: z.string().optional(),
    next: z.string().describe('What to do about it.'),
    errors: z.array(fieldErrorSchema).optional(),
    retry_at: z.iso.datetime().optional(),
  })
  .meta({ id: 'Problem' });
