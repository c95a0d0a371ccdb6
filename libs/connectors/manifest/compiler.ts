import type { FieldError } from '../../errors/index.js';
import { TemplateSyntaxError, TemplateUnsupported } from '../template/errors.js';
import { compileTemplate, type Template } from '../template/template.js';
import type { Origins } from './resolve-references.js';

/** Thrown after an error was reported, to leave the component that cannot be built. */
export class Rejected extends Error {}

/** One compilation of one manifest: collects every problem, with its place. */
export class Compiler {
  private readonly invalid = new Map<string, FieldError>();
  private readonly unsupported = new Map<string, FieldError>();
  private readonly templates = new Map<string, Template>();

  constructor(
    readonly origins: Origins,
    private readonly locate: (pointer: string) => string | undefined,
    private readonly lateComponents: readonly { readonly type: string }[],
  ) {}

  /** See lateComponent. */
  late(type: string): { readonly type: string } {
    const found = this.lateComponents.find((candidate) => candidate.type === type);
    if (found === undefined) throw new Error(`the compiler was not given ${type}`);
    return found;
  }

  get problems(): { invalid: FieldError[]; unsupported: FieldError[] } {
    return { invalid: [...this.invalid.values()], unsupported: [...this.unsupported.values()] };
  }

  report(error: FieldError, kind: 'invalid' | 'unsupported' = 'invalid'): void {
    const at = this.locate(error.path);
    const located = at === undefined ? error : { ...error, message: `${error.message} (line ${at})` };
    this[kind].set(`${error.path} ${error.message}`, located);
  }

  reject(error: FieldError, kind: 'invalid' | 'unsupported' = 'invalid'): never {
    this.report(error, kind);
    throw new Rejected(error.message);
  }

  template(source: string, pointer: string): Template {
    const known = this.templates.get(source);
    if (known !== undefined) return known;
    try {
      const template = compileTemplate(source);
      this.templates.set(source, template);
      return template;
    } catch (error) {
      if (!(error instanceof TemplateSyntaxError)) throw error;
      const found = source.length > 200 ? `${source.slice(0, 197)}…` : source;
      const message = `template, character ${error.offset + 1}: ${error.message}`;
      return this.reject({ path: pointer, message, found }, error instanceof TemplateUnsupported ? 'unsupported' : 'invalid');
    }
  }
}

/** Where a value stands while it is compiled. */
export interface Place {
  compiler: Compiler;
  /** JSON pointer into the manifest as written. */
  pointer: string;
  /** `ParentType.field`, for default types. */
  field: string;
  /** Parameters in force here. */
  parameters: Readonly<Record<string, unknown>>;
}
