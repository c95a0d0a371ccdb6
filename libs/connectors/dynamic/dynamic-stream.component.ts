import { Missing, Rejected, type Compiler } from '../manifest/compiler.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { boolean, field, object, optional, text, type Field } from '../manifest/fields.js';
import type { Requester } from '../http/http-requester.component.js';
import type { Tree } from '../manifest/tree.js';
import { streams, type ListedStream } from '../source/streams.component.js';
import { SluiceError } from '../../errors/index.js';
import type { ComponentsResolver } from './components-resolver.js';
import { propagateParameters } from './propagate-parameters.js';
import { componentsResolvers } from './resolvers.component.js';

/** A template that stands for streams which only a configuration, or the source itself, can tell. */
export interface DynamicStreams {
  /** As a check names it; '' where the manifest gives no name. */
  name: string;
  /** With types and parameters written out. */
  template: Tree;
  resolver: ComponentsResolver;
  /** Compiles a template that was filled in. Throws MANIFEST_INVALID or MANIFEST_UNSUPPORTED. */
  compile(filled: Tree): ListedStream;
  /** What tells the account: the resolver's requester, and the template's, which may be a placeholder. */
  requesters(): readonly Requester[];
}

const template: Field<Tree> = field((value, place) => {
  const tree = object().parse(value, place);
  const { stream_template: _own, ...parameters } = place.parameters;
  const written = propagateParameters(tree, { field: place.field, parameters, parentsWin: false });
  return written;
});

export const dynamicDeclarativeStream: Component<DynamicStreams> = defineComponent({
  type: 'DynamicDeclarativeStream',
  fields: {
    name: optional(text(), ''),
    stream_template: template,
    components_resolver: component(() => componentsResolvers),
    use_parent_parameters: optional(boolean(), true),
  },
  build(
    { name, stream_template: tree, components_resolver: resolver, use_parent_parameters: parentsWin },
    place,
  ): DynamicStreams {
    const pointer = `${place.pointer}/stream_template`;
    const { compiler } = place;
    const compile = (filled: Tree): ListedStream =>
      compileFilled(propagateParameters(filled, { field: '', parameters: {}, parentsWin }), pointer, compiler);
    return {
      ...{ name, resolver, compile, template: tree },
      requesters: () => [...(resolver.requester === null ? [] : [resolver.requester]), ...requesterOf(compile, tree)],
    };
  },
});

function requesterOf(compile: DynamicStreams['compile'], tree: Tree): Requester[] {
  try {
    const listed = compile(tree);
    if (!('model' in listed)) return [];
    const { requester, job } = listed.model.retriever;
    return [job?.creation ?? requester];
  } catch (error) {
    if (error instanceof SluiceError) return [];
    throw error;
  }
}

function compileFilled(tree: Tree, pointer: string, manifest: Compiler): ListedStream {
  const compiler = manifest.another();
  const nameOf = typeof tree['name'] === 'string' ? tree['name'] : '';
  try {
    const model = component(() => streams).parse(
      { type: 'DeclarativeStream', ...tree },
      { compiler, pointer, field: '', parameters: {} },
    );
    const { invalid, unsupported } = compiler.problems;
    if (invalid.length + unsupported.length === 0) return { model };
  } catch (error) {
    if (error instanceof Missing) return { name: nameOf, missing: error.components };
    if (!(error instanceof Rejected)) throw error;
  }
  const { invalid, unsupported } = compiler.problems;
  const errors = [...invalid, ...unsupported];
  const detail = `the stream "${nameOf}" made from a template: ${errors[0]?.path ?? ''}: ${errors[0]?.message ?? ''}`;
  throw new SluiceError(invalid.length > 0 ? 'MANIFEST_INVALID' : 'MANIFEST_UNSUPPORTED', { detail, errors });
}
