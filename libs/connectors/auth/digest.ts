import { createHash } from 'node:crypto';
import { canonicalJson } from '../state/canonical-json.js';

/** Tells values apart without holding them. Of secrets too, so it is kept only beside what is encrypted. */
export const digest = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('base64url');
