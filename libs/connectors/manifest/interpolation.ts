import { SluiceError } from '../../errors/index.js';
import { TemplateError } from '../template/errors.js';
import type { Scope } from '../template/evaluate.js';
import type { Template } from '../template/template.js';
import { PyTuple, isDict, isNumber, str, toNumber, withTextKeys } from '../template/values.js';

export type { Scope };

/** A template at its place in the manifest: its parameters are bound, its errors name the place. */
export interface Interpolation {
  readonly template: Template;
  readonly pointer: string;
  /** See Template.evaluate. Throws CONFIG_INVALID when only the configuration is used, else SOURCE_BAD_RESPONSE. */
  evaluate(scope: Scope, ...otherwise: [unknown?]): unknown;
  /** The result as text; '' for a missing value. */
  text(scope: Scope): string;
  /** The result where it is text anyway, else as rendered: for places where Airbyte allows text only. Null for nothing. */
  onlyText(scope: Scope): string | null;
  /** The text as it is rendered, whatever literal it may be; '' for a missing value. */
  rendered(scope: Scope): string;
  /** As onlyText, but a list stays one: a parameter that is repeated. */
  textOrList(scope: Scope): string | readonly unknown[] | null;
  /** Airbyte's reading as a condition. */
  holds(scope: Scope): boolean;
}

export const isInterpolation = (value: unknown): value is Interpolation =>
  typeof value === 'object' && value !== null && 'template' in value && 'holds' in value;

export function bindTemplate(
  template: Template,
  place: { pointer: string; parameters: Readonly<Record<string, unknown>> },
): Interpolation {
  const bind = template.uses.has('parameters')
    ? (scope: Scope): Scope => ({ ...scope, names: { ...scope.names, parameters: place.parameters } })
    : (scope: Scope): Scope => scope;
  const guard = <T>(run: () => T): T => {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      const byConfig = [...template.uses].every((name) => name === 'config' || name === 'parameters');
      const detail = `the template at ${place.pointer} fails: ${error.message}`;
      throw new SluiceError(byConfig ? 'CONFIG_INVALID' : 'SOURCE_BAD_RESPONSE', {
        detail,
        details: { pointer: place.pointer },
        cause: error,
      });
    }
  };
  const onlyText = (scope: Scope, value: unknown): string | null => {
    if (typeof value === 'string') return value === '' ? null : value;
    if (template.constant) return template.source === '' ? null : template.source;
    return guard(() => renderedOrNull(template, bind(scope)));
  };
  return {
    template,
    pointer: place.pointer,
    evaluate: (scope, ...otherwise) => withTextKeys(guard(() => template.evaluate(bind(scope), ...otherwise))),
    text: (scope) => guard(() => str(template.evaluate(bind(scope), ''))),
    onlyText: (scope) =>
      onlyText(
        scope,
        guard(() => template.evaluate(bind(scope), null)),
      ),
    rendered: (scope) => (template.constant ? template.source : (guard(() => renderedOrNull(template, bind(scope))) ?? '')),
    textOrList: (scope) => {
      const value = guard(() => template.evaluate(bind(scope), null));
      return Array.isArray(value) ? (value as unknown[]) : onlyText(scope, value);
    },
    holds: (scope) => isTrue(guard(() => template.evaluate(bind(scope), 'False'))),
  };
}

function renderedOrNull(template: Template, scope: Scope): string | null {
  try {
    const text = template.render(scope);
    return text === '' ? null : text;
  } catch (error) {
    if (error instanceof TemplateError && error.kind === 'undefined') return null;
    throw error;
  }
}

const FALSE_TEXTS = new Set(['False', 'false', '{}', '[]', '()', '', '0', '0.0']);

/** What Airbyte takes for false; everything else is true, the text "no" too. */
function isTrue(value: unknown): boolean {
  if (typeof value === 'string') return !FALSE_TEXTS.has(value);
  if (value === null || value === undefined || value === false) return false;
  if (isNumber(value)) return toNumber(value) !== 0;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof PyTuple) return value.items.length > 0;
  return !isDict(value) || Object.keys(value).length > 0;
}
