import { createHash } from 'node:crypto';
import type { Db, Pool } from './database.js';

/** The same for the same text everywhere: a connection takes a name for one text only. */
const nameFor = (text: string): string => `sluice_${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;

/**
 * A pool over which each statement is parsed and planned once a connection: for few texts that come very often, since nothing of it is forgotten. Half of what an event
 * costs PostgreSQL, and nine tenths of a look for a hook, was planning.
 */
export function prepared(pool: Pool): Db {
  const names = new Map<string, string>();
  return {
    query(text, values = []) {
      const name = names.get(text) ?? nameFor(text);
      names.set(text, name);
      return pool.query({ name, text, values });
    },
  };
}
