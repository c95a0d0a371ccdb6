import { createContext, Script, type Context } from 'node:vm';
import { pythonPattern } from '../errors/python-pattern.js';

/** A pattern that needs longer on one value is one that backtracks without end. */
const MATCH_TIMEOUT_MS = 250;
const MAX_PATTERN_LENGTH = 10_000;

interface Pattern {
  test(text: string): boolean;
  /** ajv keeps patterns by their text: two of them must not look the same. */
  toString(): string;
}

let context: Context | undefined;
const script = new Script('new RegExp(source, flags).test(text)');

/**
 * A pattern of a manifest, as Python reads it, that cannot hold up the process: one that backtracks without end, or that only Python
 * understands, matches nothing resp. everything. Other places of a specification tell enough.
 */
export function boundedPattern(source: string): Pattern {
  if (source.length > MAX_PATTERN_LENGTH) throw new SyntaxError('the pattern is too long');
  let flags: string;
  let plain: string;
  try {
    ({ source: plain, flags } = pythonPattern(source));
  } catch {
    return { test: () => true, toString: () => source };
  }
  return {
    toString: () => source,
    test(text) {
      // Only a script in a context of its own has a timeout.
      context ??= createContext(Object.create(null) as Context);
      Object.assign(context, { source: plain, flags, text });
      try {
        return script.runInContext(context, { timeout: MATCH_TIMEOUT_MS }) === true;
      } catch (error) {
        if ((error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
        throw error;
      }
    },
  };
}
