import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Sluice's version, from the nearest package.json above this file: that of the checkout, for sources and build alike. */
export function readVersion(from: string = import.meta.dirname): string {
  const file = join(from, 'package.json');
  if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  const parent = dirname(from);
  if (parent === from) throw new Error('package.json was not found above the program');
  return readVersion(parent);
}
