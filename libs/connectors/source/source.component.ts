import type { JsonObject } from '../../contracts/json.js';
import type { FieldError } from '../../errors/index.js';
import { unique } from '../custom/available.js';
import { dynamicDeclarativeStream, type DynamicStreams } from '../dynamic/dynamic-stream.component.js';
import { noBudget, type ApiBudget } from '../http/api-budget.js';
import { httpApiBudget } from '../http/api-budget.component.js';
import type { Place } from '../manifest/compiler.js';
import { component, defineComponent } from '../manifest/component.js';
import { json, list, optional } from '../manifest/fields.js';
import { isObject } from '../manifest/tree.js';
import { anyConfiguration, spec, type ConfigRules } from '../spec/spec.component.js';
import { checks, type CheckModel } from './check.component.js';
import type { StreamModel } from './stream-model.js';
import { listedStreams, type ListedStream, type UnavailableStream } from './streams.component.js';

/** A compiled manifest: everything but configuration. */
export interface SourceModel {
  streams: readonly StreamModel[];
  unavailable: readonly UnavailableStream[];
  /** Templates of streams that only a configuration or the source can tell. */
  dynamic: readonly DynamicStreams[];
  check: CheckModel;
  /** JSON schema of the configuration, draft 7, with `airbyte_secret`. */
  connectionSpecification: JsonObject;
  rules: ConfigRules;
  budget: ApiBudget;
  /** What is accepted but probably not meant, with its place. */
  warnings: readonly FieldError[];
}

export const declarativeSource = defineComponent({
  type: 'DeclarativeSource',
  fields: {
    check: component(() => checks),
    streams: optional(listedStreams, []),
    dynamic_streams: optional(list(component(() => [dynamicDeclarativeStream])), []),
    stream_groups: optional(json()),
    spec: optional(
      component(() => [spec]),
      anyConfiguration,
    ),
    api_budget: optional(
      component(() => [httpApiBudget]),
      noBudget,
    ),
    version: optional(json()),
  },
  // Threads are Airbyte's way to be concurrent; movers and budgets are ours. Definitions and schemas are used by reference.
  ignored: ['definitions', 'schemas', 'concurrency_level', 'max_concurrent_async_job_count'],
  build(
    {
      check,
      streams: groups,
      dynamic_streams: dynamic,
      stream_groups: together,
      spec: { schema, rules, missing },
      api_budget: budget,
    },
    place,
  ): SourceModel {
    if (isObject(together) && Object.keys(together).length > 0)
      place.compiler.warn({ path: `${place.pointer}/stream_groups`, message: 'streams of a group may be read at the same time' });
    const last = lastOfEachName(groups, place);
    const models = last.flatMap((one) => ('model' in one ? [one.model] : []));
    const unavailable = last.flatMap((one) => ('model' in one ? [] : [one]));
    const source = { check, connectionSpecification: schema, rules, budget, dynamic, warnings: [] };
    // Where the configuration itself needs code, nothing can be read.
    if (missing.length > 0)
      return {
        ...{ ...source, streams: [], dynamic: [] },
        unavailable: last.map((one) => ({
          name: nameIn(one),
          missing: unique([...missing, ...('model' in one ? [] : one.missing)]),
        })),
      };
    if (dynamic.length === 0) warnOfUnknown(check, last.map(nameIn), place);
    return { ...source, streams: models, unavailable };
  },
});

const nameIn = (one: ListedStream): string => ('model' in one ? one.model.name : one.name);

/** As in Airbyte: of streams with one name the last is read. */
function lastOfEachName(groups: readonly (readonly ListedStream[])[], place: Place): ListedStream[] {
  const streams = groups.flatMap((group, index) => group.map((stream) => ({ stream, index })));
  const names = streams.map(({ stream }) => (isConditional(stream) ? null : nameIn(stream)));
  const kept = streams.filter(({ stream, index: at }, index) => {
    const [name, path] = [nameIn(stream), `${place.pointer}/streams/${at}`];
    if (name === '') place.compiler.report({ path, message: 'the stream has no name' });
    if (isConditional(stream) || names.lastIndexOf(name) === index) return true;
    place.compiler.warn({ path, message: 'a later stream has the same name and takes its place', found: name });
    return false;
  });
  return kept.map(({ stream }) => stream);
}

/** The configuration decides which of them are there. */
const isConditional = (one: ListedStream): boolean => ('model' in one ? one.model.when : one.when) !== undefined;

/** A check of a stream that is not there fails whenever it is made; reading does not need it. */
function warnOfUnknown(check: CheckModel, names: readonly string[], place: Place): void {
  for (const name of check.streams)
    if (!names.includes(name))
      place.compiler.warn({
        ...{ path: `${place.pointer}/check/stream_names`, message: 'there is no such stream: a check will fail' },
        ...{ found: name, allowed: [...names] },
      });
}
