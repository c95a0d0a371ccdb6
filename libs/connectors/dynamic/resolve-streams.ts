import type { SourceRecord } from '../../contracts/stream.js';
import { SluiceError } from '../../errors/index.js';
import { noSchema } from '../schema/schema-loader.js';
import { readSpec, scopeOf, type Environment } from '../source/environment.js';
import { planSlices } from '../source/plan.js';
import { readStream } from '../source/read-stream.js';
import type { Retriever, StreamModel } from '../source/stream-model.js';
import type { ListedStream } from '../source/streams.component.js';
import type { ComponentsResolver } from './components-resolver.js';
import type { DynamicStreams } from './dynamic-stream.component.js';

/** A stream that a template stands for, and which template. */
export interface GeneratedStream {
  template: string;
  listed: ListedStream;
}

/** Every stream that the templates stand for, in a fixed order. Errors: those of the source, and CONFIG_INVALID, SOURCE_BAD_RESPONSE or MANIFEST_INVALID for streams of one name or none. */
export async function resolveDynamicStreams(
  dynamic: readonly DynamicStreams[],
  environment: Environment,
  signal: AbortSignal,
): Promise<GeneratedStream[]> {
  const generated = new Map<string, GeneratedStream>();
  for (const [index, definition] of dynamic.entries()) {
    const template = definition.name === '' ? `dynamic_stream_${index}` : definition.name;
    for await (const filled of filledTemplates(definition, environment, signal)) {
      const { blame } = definition.resolver;
      const name: unknown = filled['name'];
      if (typeof name !== 'string' || name === '') throw refused(blame, `a stream of ${template} has no name`);
      if (generated.has(name)) throw refused(blame, `${template} gives two streams the name "${name.slice(0, 100)}"`);
      generated.set(name, { template, listed: definition.compile(filled) });
    }
  }
  return [...generated.values()];
}

async function* filledTemplates(
  { resolver, template }: DynamicStreams,
  environment: Environment,
  signal: AbortSignal,
): AsyncGenerator<Record<string, unknown>> {
  const scope = scopeOf(environment.config, environment.now(), null);
  const read = (retriever: Retriever) => readAll(retriever, environment, signal);
  for await (const { values, slice } of resolver.values({ config: environment.config, scope, read })) {
    const names = { ...scope.names, components_values: values, stream_template_config: template };
    const filled = structuredClone(template);
    const seen = { ...scope, names: slice === undefined ? names : { ...names, stream_slice: slice } };
    for (const write of resolver.mappings) write(filled, seen);
    yield filled;
  }
}

async function* readAll(
  retriever: Retriever,
  environment: Environment,
  signal: AbortSignal,
): AsyncGenerator<{ record: SourceRecord; slice: Readonly<Record<string, unknown>> }> {
  const model: StreamModel = {
    name: 'streams',
    primaryKey: [],
    retriever,
    cursor: null,
    migrateState: (state) => state,
    transformations: [],
    schema: noSchema,
  };
  const plan = { state: null, nowMs: environment.now(), after: null, signal };
  for await (const { slice } of planSlices(model, environment, plan)) {
    const spec = readSpec(slice);
    const { stream_slice: seen } = scopeOf(environment.config, environment.now(), spec).names;
    for await (const { records } of readStream(model, environment, { slice: spec, position: null, signal }))
      for (const record of records) yield { record, slice: seen as Record<string, unknown> };
  }
}

function refused(blame: ComponentsResolver['blame'], detail: string): SluiceError {
  switch (blame) {
    case 'configuration':
      return new SluiceError('CONFIG_INVALID', { detail });
    case 'source':
      return new SluiceError('SOURCE_BAD_RESPONSE', { detail });
    case 'manifest':
      return new SluiceError('MANIFEST_INVALID', { detail });
    default: {
      const never: never = blame;
      throw new Error(`unknown ${String(never)}`);
    }
  }
}
