import { parseDocument } from 'yaml';

/** Airbyte's YAML does not know YAML 1.1's shortest booleans, and its dates are of no use in a manifest. */
const LEFT_AS_TEXT = /^(?:[yYnN]|\d{4}-\d{1,2}-\d{1,2}.*)$/s;

/** A mapped text read as YAML, as Airbyte does with what a template yielded; what is no YAML stays text. */
export function yamlValue(text: string): unknown {
  if (LEFT_AS_TEXT.test(text)) return text;
  const document = parseDocument(text, { version: '1.1', prettyErrors: false, logLevel: 'silent' });
  if (document.errors.length > 0) return text;
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    return text;
  }
}
