import type { JsonValue } from '../../contracts/json.js';
import { SluiceError } from '../../errors/index.js';
import { escapePointer, isObject } from '../../json/index.js';
import { toRecordValue } from '../records/record-value.js';
import { TemplateError, TemplateSyntaxError } from '../template/errors.js';
import type { Scope } from '../template/evaluate.js';
import { compileTemplate, type Template } from '../template/template.js';

/** What templates of actions see. */
export const ACTION_NAMES: ReadonlySet<string> = new Set(['config', 'input', 'idempotency_key']);

export type Tree = (scope: Scope) => unknown;
/** Reports a template that does not compile. */
export type CompileText = (source: string, path: string) => Template;

/** Where the templates of a file stand is told by JSON pointers. `names`: what they see. */
export const compileText =
  (report: (error: { path: string; message: string; found: string }) => void, names = ACTION_NAMES): CompileText =>
  (source, path) => {
    try {
      return compileTemplate(source, names);
    } catch (error) {
      if (!(error instanceof TemplateSyntaxError)) throw error;
      report({ path, message: `template, character ${error.offset + 1}: ${error.message}`, found: source.slice(0, 200) });
      return compileTemplate('');
    }
  };

/**
 * JSON with templates in its texts. A text that is one template yields that value with its type: a customer whose name is `5` stays a text, unlike in
 * manifests. Fields and items without a value are left out. Errors of the functions: VALIDATION_FAILED with the template's place.
 */
export function compileTree(value: JsonValue, path: string, compile: CompileText): Tree {
  if (typeof value === 'string') {
    const template = compile(value, path);
    return (scope) => valueOf(template, scope, path);
  }
  if (Array.isArray(value)) {
    const items = value.map((item, index) => compileTree(item, `${path}/${index}`, compile));
    return (scope) => items.map((item) => item(scope)).filter((item) => item !== undefined);
  }
  if (!isObject(value)) return () => value;
  const fields = Object.entries(value).map(
    ([name, item]) => [name, compileTree(item, `${path}/${escapePointer(name)}`, compile)] as const,
  );
  return (scope) =>
    Object.fromEntries(fields.map(([name, item]) => [name, item(scope)] as const).filter(([, item]) => item !== undefined));
}

/** undefined: a value that it uses is missing. */
export function valueOf(template: Template, scope: Scope, path: string): unknown {
  try {
    const value = template.value(scope);
    return value === undefined ? undefined : toRecordValue(value);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    if (error.kind === 'undefined') return undefined;
    throw new SluiceError('VALIDATION_FAILED', {
      detail: `the template at ${path} fails: ${error.message}`,
      errors: [{ path, message: error.message }],
      cause: error,
    });
  }
}
