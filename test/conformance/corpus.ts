import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What a case says of itself. */
export interface CaseFacts {
  /** ISO time: the clock of the recording. */
  now: string;
  /** 1, or 1 and 2: the second goes on from the first one's state. */
  runs: readonly number[];
  /** Every component type in the manifest. */
  component_types: readonly string[];
}

/** The corpus of real manifests with recorded answers: SLUICE_SHARED, else `shared` beside the checkout; undefined where there is none. */
export function findCorpus(): string | undefined {
  return [process.env['SLUICE_SHARED'], resolve('../shared')]
    .map((folder) => join(folder ?? '/nowhere', 'conformance'))
    .find((folder) => existsSync(join(folder, 'compare.mjs')));
}

/** The names of the cases in a folder, in order. */
export const caseNames = (cases: string): string[] =>
  readdirSync(cases)
    .filter((name) => existsSync(join(cases, name, 'case.json')))
    .sort();

export const caseFacts = (cases: string, name: string): CaseFacts =>
  JSON.parse(readFileSync(join(cases, name, 'case.json'), 'utf8')) as CaseFacts;
