import { SluiceError } from '../../errors/index.js';
import { parseManifest } from '../manifest/parse-manifest.js';

/** A mapped text read as YAML, as Airbyte does with what a template yielded; what is no YAML stays text. */
export function yamlValue(text: string): unknown {
  try {
    return parseManifest(text).tree;
  } catch (error) {
    if (error instanceof SluiceError) return text;
    throw error;
  }
}
