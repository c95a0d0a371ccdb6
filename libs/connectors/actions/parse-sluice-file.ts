import type { JsonObject } from '../../contracts/json.js';
import { SluiceError } from '../../errors/index.js';
import { isObject } from '../../json/index.js';
import { located } from '../../yaml/index.js';
import { parseManifest } from '../manifest/parse-manifest.js';

/** The text of a sluice.yaml as JSON, after `check` took it. Throws MANIFEST_INVALID; what `check` finds wrong is told with line and column. */
export function parseSluiceFile(text: string, check: (file: JsonObject) => unknown): JsonObject {
  const { tree, locate } = parseManifest(text);
  if (!isObject(tree)) throw new SluiceError('MANIFEST_INVALID', { detail: 'a sluice.yaml is an object' });
  const file = tree as JsonObject;
  try {
    check(file);
  } catch (error) {
    if (!(error instanceof SluiceError) || error.errors.length === 0) throw error;
    const errors = error.errors.map((one) => located(one, locate));
    throw new SluiceError(error.code, { ...(error.detail === undefined ? {} : { detail: error.detail }), errors, cause: error });
  }
  return file;
}
