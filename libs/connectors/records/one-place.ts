import { SluiceError } from '../../errors/index.js';
import type { Place } from '../manifest/compiler.js';
import { field, list, template, type Field } from '../manifest/fields.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { isPattern } from './glob.js';

/** The steps of a path that leads to one place. Throws CONFIG_INVALID where the configuration puts a pattern into it. */
export type PathTo = (scope: Scope) => string[];

const MESSAGE = 'the path has to lead to one place, without "*", "?" or "["';

/** Patterns that stand in the manifest itself are rejected at once. */
export function onePlace(steps: readonly Interpolation[], { compiler, pointer }: Pick<Place, 'compiler' | 'pointer'>): PathTo {
  for (const { template: written } of steps)
    if (written.constant && isPattern(written.source))
      compiler.reject({ path: pointer, message: MESSAGE, found: written.source });
  const written = steps.every(({ template: step }) => step.constant);
  return (scope) => {
    const path = steps.map((step) => step.text(scope));
    if (!written && path.some(isPattern))
      throw new SluiceError('CONFIG_INVALID', { detail: `${pointer}: ${MESSAGE}`, details: { pointer } });
    return path;
  };
}

/** A path of one step or more, without patterns. */
export const pathToOne: Field<PathTo> = field((value, place) => {
  const steps = list(template()).parse(value, place);
  if (steps.length === 0) place.compiler.reject({ path: place.pointer, message: 'the path needs a step' });
  return onePlace(steps, place);
});
