import { available } from '../custom/available.js';
import type { MissingComponent } from '../manifest/compiler.js';
import { component, defineComponent, type Component } from '../manifest/component.js';
import { either, field, list, template, type Field } from '../manifest/fields.js';
import type { Interpolation } from '../manifest/interpolation.js';
import { isObject } from '../manifest/tree.js';
import { stateDelegatingStream } from './state-delegating-stream.component.js';
import type { StreamModel } from './stream-model.js';
import { declarativeStream } from './stream.component.js';

/** A stream that the manifest defines and that cannot be read here. */
export interface UnavailableStream {
  name: string;
  /** The code that it, or a parent stream of it, needs. */
  missing: readonly MissingComponent[];
  /** See StreamModel.when. */
  when?: Interpolation;
}

export type ListedStream = { model: StreamModel } | UnavailableStream;

/** A new kind of stream joins here. */
export const streams: readonly Component<StreamModel>[] = [declarativeStream, stateDelegatingStream];

const listedStream: Field<ListedStream> = field((value, place) => {
  const { built, missing } = available(component(() => streams)).parse(value, place);
  return built === undefined ? { name: nameOf(value), missing } : { model: built };
});

/** Streams that a configuration may or may not have. */
const conditionalStreams = defineComponent({
  type: 'ConditionalStreams',
  fields: { condition: template(), streams: list(listedStream) },
  build: ({ condition: when, streams: listed }): ListedStream[] =>
    listed.map((one) => ('model' in one ? { model: { ...one.model, when } } : { ...one, when })),
});

const oneOrSeveral: Field<ListedStream[]> = either<ListedStream[]>('a stream', (value) =>
  isObject(value) && value['type'] === 'ConditionalStreams'
    ? component(() => [conditionalStreams])
    : field((stream, place) => [listedStream.parse(stream, place)]),
);

/** The streams of a manifest, in its order; several may have one name. */
export const listedStreams: Field<ListedStream[][]> = list(oneOrSeveral);

function nameOf(stream: unknown): string {
  if (!isObject(stream)) return '';
  const { name, $parameters: parameters } = stream;
  if (typeof name === 'string' && name !== '') return name;
  return isObject(parameters) && typeof parameters['name'] === 'string' ? parameters['name'] : '';
}
