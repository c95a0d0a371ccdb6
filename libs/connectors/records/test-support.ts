import { Compiler } from '../manifest/compiler.js';
import { component, type Component } from '../manifest/component.js';
import { resolveReferences } from '../manifest/resolve-references.js';

/** Compiles one component by itself, for tests. Throws what is wrong with it. */
export function compileComponent<R>(choices: () => readonly Component<R>[], definition: object): R {
  const { tree, origins } = resolveReferences(definition);
  const compiler = new Compiler(origins, () => undefined, [], new Map());
  try {
    return component(choices).parse(tree, { compiler, pointer: '', field: '', parameters: {} });
  } catch (error) {
    const [first] = [...compiler.problems.invalid, ...compiler.problems.unsupported];
    throw first === undefined ? error : new Error(`${first.path}: ${first.message}`);
  }
}
