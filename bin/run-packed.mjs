import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';

/** Of a digest in hexadecimal. A packed text begins with its own as a comment, and a code cache ends with that of its text. */
const DIGEST_LENGTH = 64;
const COMMENT = '/*';

const cacheOf = (text, path) => {
  let cache;
  try {
    cache = readFileSync(path);
  } catch {
    return undefined;
  }
  // V8 compares lengths only: of another text of the same length it would run the functions.
  const made = cache.subarray(-DIGEST_LENGTH).toString('latin1');
  return text.startsWith(`${COMMENT}${made}`) ? cache.subarray(0, -DIGEST_LENGTH) : undefined;
};

/**
 * Runs what scripts/pack.mjs has made. A code cache saves the time of compiling it; one of another text, of another version of Node, or none costs that time.
 * @returns {import('node:vm').Script} to make a code cache from
 */
export function runPacked({ root, text: textPath, cache: cachePath }) {
  const text = readFileSync(textPath, 'utf8');
  const script = new vm.Script(text, { filename: textPath, cachedData: cacheOf(text, cachePath) });
  const beside = pathToFileURL(textPath);
  script.runInThisContext()({
    createRequire,
    // Relative to the entry, beside which the text lies.
    importOutside: (name) => import(new URL(name, beside).href),
    root: join(root, '/'),
  });
  return script;
}
