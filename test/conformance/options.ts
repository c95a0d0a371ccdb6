import { parseArgs } from 'node:util';

export interface ConformanceOptions {
  /** Folder of cases; undefined: the corpus'. */
  cases: string | undefined;
  /** File of template vectors; undefined: the corpus'. */
  templates: string | undefined;
  /** Empty: all cases, and the vectors. */
  only: readonly string[];
  /** Cases at the same time. */
  jobs: number;
  json: string | undefined;
}

export const USAGE = 'npm run conformance -- [--cases DIR] [--templates FILE] [--only NAME…] [--jobs N] [--json FILE]';

/** @throws Error saying which argument is wrong. */
export function conformanceOptions(args: readonly string[]): ConformanceOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      cases: { type: 'string' },
      templates: { type: 'string' },
      only: { type: 'string', multiple: true },
      jobs: { type: 'string', default: '2' },
      json: { type: 'string' },
    },
  });
  const { cases, templates, json, only = [] } = values;
  // Further names follow --only without an option of their own.
  if (positionals.length > 0 && only.length === 0) throw new Error(`what is "${positionals[0]}"? names of cases follow --only`);
  if (!/^[1-9]\d?$/.test(values.jobs)) throw new Error(`--jobs takes a whole number from 1 to 99; got ${values.jobs}`);
  return { cases, templates, only: [...only, ...positionals], jobs: Number(values.jobs), json };
}
