import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { toFieldErrors } from './field-errors.js';

const schema = z.strictObject({
  mode: z.enum(['a', 'b']),
  items: z.array(z.strictObject({ 'x/y': z.number().max(3) })),
  config: z.strictObject({ token: z.number() }),
  limit: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('rate') }),
    z.strictObject({ kind: z.literal('quota') }),
  ]),
});
const errorsOf = (input: unknown) => toFieldErrors(schema.safeParse(input).error?.issues ?? [], input);

test('each violation has a pointer, words, what was found and what is allowed', () => {
  const errors = errorsOf({ mode: 'c', items: [{ 'x/y': 9 }], config: { token: 1 }, limit: { kind: 'other' }, extra: 1 });
  expect(errors).toEqual([
    { path: '/mode', message: expect.any(String), found: 'c', allowed: ['a', 'b'] },
    { path: '/items/0/x~1y', message: expect.stringContaining('3'), found: '9' },
    { path: '/limit/kind', message: expect.any(String), found: 'other', allowed: ['rate', 'quota'] },
    { path: '/extra', message: 'is not known here' },
  ]);
});

test('a field that is not known comes with those that are, where they are told', () => {
  const input = { reference: 'x' };
  const call = z.strictObject({ input: z.string().optional(), wait: z.int().optional() });
  expect(toFieldErrors(call.safeParse(input).error?.issues ?? [], input, call)).toEqual([
    { path: '/reference', message: 'is not known here', allowed: ['input', 'wait'] },
  ]);
});

test('what is missing is called missing, and nothing below config is repeated', () => {
  expect(errorsOf({ items: [], config: { token: 'marker' }, limit: { kind: 'rate' } })).toEqual([
    { path: '/mode', message: 'is required', found: 'nothing', allowed: ['a', 'b'] },
    { path: '/config/token', message: expect.any(String), found: 'string' },
  ]);
  expect(errorsOf(undefined)).toMatchObject([{ path: '', message: 'is required' }]);
});
