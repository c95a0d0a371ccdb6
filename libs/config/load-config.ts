import type { z } from 'zod';

/** What is wrong with the environment: every problem at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(`The environment is not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/** Reads an app's settings from the environment. An empty variable counts as absent. Throws ConfigError; values are never repeated in it. */
export function loadConfig<Schema extends z.ZodObject>(schema: Schema, env: NodeJS.ProcessEnv = process.env): z.output<Schema> {
  const given = Object.fromEntries(Object.entries(env).filter(([name, value]) => name in schema.shape && value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new ConfigError(
    result.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      const example = (schema.shape[name] as z.ZodType | undefined)?.meta()?.['example'];
      const missing = given[name] === undefined ? 'is missing' : issue.message;
      return `${name}: ${missing}${example === undefined ? '' : ` (example: ${JSON.stringify(example).replace(/^"|"$/g, '')})`}`;
    }),
  );
}
