import anyAscii from 'any-ascii';
import { isIdentifier } from '../contracts/identifier.js';
import type { SyncStream } from '../contracts/sync-spec.schema.js';
import { nameFields, type NamingRules } from './naming.js';

const RULES: NamingRules = { maxBytes: 63, forbidden: /[^A-Za-z0-9_$]/g, reserved: new Set(), caseSensitive: true };

/** The table of a stream: what the sync says, else the stream's name, in snake_case of ASCII letters where it is no identifier as it is (cut, with a digest, after 63 bytes). Pure. */
export function tableName({ table, name }: Pick<SyncStream, 'table' | 'name'>): string {
  if (table !== undefined) return table;
  if (isIdentifier(name)) return name;
  return [...nameFields({ paths: [[anyAscii(name)]], rules: RULES, style: 'snake_case' }).values()].join('');
}
