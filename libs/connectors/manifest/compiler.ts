import type { FieldError } from '../../errors/index.js';
import { located, type Locate } from '../../yaml/index.js';
import { TemplateSyntaxError, TemplateUnsupported } from '../template/errors.js';
import { compileTemplate, type Template } from '../template/template.js';
import type { Origins } from './resolve-references.js';
import type { Tree } from './tree.js';
import { TooLarge } from './unfolded-size.js';

/** Thrown after an error was reported, to leave the component that cannot be built. */
export class Rejected extends Error {}

/** A component made of code that is not here. */
export interface MissingComponent {
  /** `CustomTransformation`, … */
  type: string;
  /** As the manifest names the Python class. */
  className: string;
}

/** Leaves a component that needs code which is not here: no error of the manifest, but the stream around it cannot be read. */
export class Missing extends Rejected {
  constructor(readonly components: readonly MissingComponent[]) {
    super(components.map(({ className }) => className).join(', '));
  }
}

/** What to throw when parts of a component could not be built. */
export function joinRejections(rejections: readonly Rejected[], what: string): Rejected {
  const missing = rejections.flatMap((one) => (one instanceof Missing ? one.components : []));
  return missing.length > 0 ? new Missing(missing) : new Rejected(what);
}

/** TypeScript in the place of a Python class, by the class's name. */
export interface CustomComponent {
  readonly className: string;
  /** `CustomTransformation`, … */
  readonly type: string;
  /** What it makes is told by `type`. */
  compile(node: Tree, place: Place): unknown;
}
export type CustomComponents = ReadonlyMap<string, CustomComponent>;

/** Parameters may multiply components without bound: what a compilation may do in all, in components and parameters handed down. */
const MAX_WORK = 500_000;
const MAX_ERRORS = 50;
const MAX_WARNINGS = 200;

/** One compilation of one manifest: collects every problem, with its place. */
export class Compiler {
  private readonly invalid = new Map<string, FieldError>();
  private readonly unsupported = new Map<string, FieldError>();
  private readonly found = new Map<string, FieldError>();
  private readonly templates = new Map<string, Template>();
  private work = 0;

  constructor(
    readonly origins: Origins,
    private readonly locate: Locate,
    private readonly lateComponents: readonly { readonly type: string }[],
    readonly customComponents: CustomComponents = new Map(),
  ) {}

  /** See lateComponent. */
  late(type: string): { readonly type: string } {
    const found = this.lateComponents.find((candidate) => candidate.type === type);
    if (found === undefined) throw new Error(`the compiler was not given ${type}`);
    return found;
  }

  /** A compilation of its own, for a part that is made later: its problems have no place in the manifest's text. */
  another(): Compiler {
    return new Compiler({ of: () => undefined }, () => undefined, this.lateComponents, this.customComponents);
  }

  /** At most 50 of each kind: looking for lines takes time. */
  get problems(): { invalid: FieldError[]; unsupported: FieldError[] } {
    const first = (errors: ReadonlyMap<string, FieldError>): FieldError[] =>
      [...errors.values()].slice(0, MAX_ERRORS).map((error) => located(error, this.locate));
    return { invalid: first(this.invalid), unsupported: first(this.unsupported) };
  }

  /** What is accepted but probably not meant. */
  get warnings(): FieldError[] {
    return [...this.found.values()];
  }

  report(error: FieldError, kind: 'invalid' | 'unsupported' = 'invalid'): void {
    this[kind].set(`${error.path} ${error.message}`, error);
  }

  warn(warning: FieldError): void {
    if (this.found.size < MAX_WARNINGS) this.found.set(`${warning.path} ${warning.message}`, located(warning, this.locate));
  }

  reject(error: FieldError, kind: 'invalid' | 'unsupported' = 'invalid'): never {
    this.report(error, kind);
    throw new Rejected(error.message);
  }

  /** Counts work against what one manifest may cause. Throws TooLarge, which ends the compilation. */
  spend(amount: number, path: string): void {
    this.work += amount;
    if (this.work > MAX_WORK) throw new TooLarge(path, 'references and parameters multiply components without bound');
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
  /** Collects the names that the templates of a component use, for who asks; see `collectingNames`. */
  names?: Set<string>;
}
