import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { z } from 'zod';
import { SluiceError } from '../../errors/index.js';

const MAX_MEMORY_MB = 65_536;

/** Configuration of a `duckdb` destination connection. It has no secrets. */
const duckdbConfigSchema = z.strictObject({
  /** Below the folder that the operator allows. */
  path: z.string().min(1).max(400),
  memory_limit_mb: z.number().int().min(256).max(MAX_MEMORY_MB).default(512),
  threads: z.number().int().min(1).max(64).default(2),
});
export type DuckdbConfig = z.infer<typeof duckdbConfigSchema>;

export const duckdbConnectionSpecification = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'DuckDB',
  type: 'object',
  required: ['path'],
  additionalProperties: false,
  properties: {
    path: {
      type: 'string',
      title: 'File',
      description: 'The database file, below the folder that SLUICE_DUCKDB_DIR names. One process at a time can have it open.',
      minLength: 1,
      maxLength: 400,
      order: 0,
    },
    memory_limit_mb: {
      type: 'integer',
      title: 'Memory',
      description: 'What DuckDB may use, in MB; what needs more goes through files beside the database.',
      minimum: 256,
      maximum: MAX_MEMORY_MB,
      default: 512,
      order: 1,
    },
    threads: { type: 'integer', title: 'Threads', minimum: 1, maximum: 64, default: 2, order: 2 },
  },
} as const;

/** Errors: CONFIG_INVALID with the fields' paths; never a value. */
export function parseDuckdbConfig(config: unknown): DuckdbConfig {
  const parsed = duckdbConfigSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  throw new SluiceError('CONFIG_INVALID', {
    errors: parsed.error.issues.map(({ path, message }) => ({ path: `/${path.join('/')}`, message })),
  });
}

/** The file's address with every link followed, so that one file has one address. Errors: CONFIG_INVALID. */
export function resolveFile(path: string, allowed: string | undefined): string {
  if (allowed === undefined)
    throw refused('DuckDB files are not allowed here: the operator names their folder in SLUICE_DUCKDB_DIR');
  const parts = path.split(/[/\\]/);
  if (isAbsolute(path) || path.includes('\0') || parts.some((part) => part === '' || part === '.' || part === '..'))
    throw refused('it must be a relative path without . and ..');
  try {
    const root = realpathSync(allowed);
    const wanted = join(root, path);
    const folder = realpathSync(dirname(wanted));
    const file = join(folder, basename(wanted));
    const found = realOrSame(file);
    if (found.startsWith(root + sep) && (folder === root || folder.startsWith(root + sep))) return found;
  } catch {
    throw refused('its folder does not exist below SLUICE_DUCKDB_DIR');
  }
  throw refused('it leads out of SLUICE_DUCKDB_DIR');
}

function realOrSame(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return file;
    throw error;
  }
}

const refused = (message: string): SluiceError =>
  new SluiceError('CONFIG_INVALID', { detail: `path: ${message}`, errors: [{ path: '/path', message }] });
