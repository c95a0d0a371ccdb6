import { SluiceError } from '../../errors/index.js';
import type { Scope } from '../template/evaluate.js';
import { str } from '../template/values.js';
import { valueOf, type CompileText } from './value-tree.js';

/**
 * A path with templates between its slashes. What they yield is escaped, so that no input reaches another address; a value that is missing, empty, `.` or
 * `..` is refused. Errors of the function: VALIDATION_FAILED.
 */
export function compilePath(source: string, path: string, compile: CompileText): (scope: Scope) => string {
  // Texts outside of templates are the connector's own.
  const parts = source.split(/(\{\{.*?\}\}|\{%.*?%\})/s).map((part, index) => (index % 2 === 1 ? compile(part, path) : part));
  return (scope) => {
    const address = parts
      .map((part) => {
        if (typeof part === 'string') return part;
        const value = valueOf(part, scope, path);
        const text = value === undefined || value === null ? '' : str(value);
        if (text === '') throw refused(part.source, path, 'has no value');
        return encodeURIComponent(text);
      })
      .join('');
    if (
      address
        .split('?')[0]
        ?.split('/')
        .some((step) => step === '.' || step === '..')
    )
      throw refused(source, path, 'would leave its place in the address');
    return address;
  };
}

const refused = (source: string, path: string, message: string): SluiceError =>
  new SluiceError('VALIDATION_FAILED', { detail: `${source} ${message}`, errors: [{ path, message: `${source} ${message}` }] });
