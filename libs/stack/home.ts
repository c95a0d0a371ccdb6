import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout this file belongs to, compiled or not. */
export function checkoutRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** Where everything of one stack lives: `.sluice` in the checkout, unless `SLUICE_HOME` or the caller says otherwise. Absolute. */
export const resolveHome = (home = process.env.SLUICE_HOME): string => resolve(home ?? join(checkoutRoot(), '.sluice'));

/** Only the owner may read what the launcher writes: it holds keys, passwords and the control token. */
const PRIVATE = 0o600;

/** Writes all or nothing: a reader, or a start after a crash, never sees half a file. */
export function writeAtomically(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true });
  const part = `${file}.${process.pid}.part`;
  writeFileSync(part, content, { mode: PRIVATE });
  renameSync(part, file);
}

/** The text of a file, undefined where there is none. */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The secret kept in `home/name` (mode 0600); made on first use. */
export function keptSecret(home: string, name: string, make: () => string): string {
  const file = join(home, name);
  const kept = readText(file)?.trim();
  if (kept) return kept;
  const made = make();
  writeAtomically(file, `${made}\n`);
  return made;
}

export const secretKey = (home: string): string => keptSecret(home, 'secret', () => randomBytes(32).toString('base64'));
/** Both for the demo shop, which would otherwise make up new ones at each start. */
export const shopKeys = (home: string) => ({
  SHOP_API_KEY: keptSecret(home, 'shop-api-key', () => randomBytes(18).toString('base64url')),
  SHOP_ADMIN_TOKEN: keptSecret(home, 'shop-admin-token', () => randomBytes(18).toString('base64url')),
});
export const bootstrapApiKey = (home: string): string =>
  keptSecret(home, 'api-key', () => `sl_${randomBytes(32).toString('base64url')}`);
