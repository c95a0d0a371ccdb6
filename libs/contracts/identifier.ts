import { z } from 'zod';

/** PostgreSQL keeps 63 bytes of an identifier; longer or odd names are refused rather than cut. */
export const identifierSchema = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[A-Za-z_][A-Za-z0-9_$]*$/, 'letters, digits, _ and $ only, not starting with a digit');

export const isIdentifier = (name: string): boolean => identifierSchema.safeParse(name).success;
