import type { BudgetLimit } from '../../contracts/budget.schema.js';
import type { JsonObject } from '../../contracts/json.js';
import type { FieldError } from '../../errors/index.js';
import { available, unique } from '../custom/available.js';
import { httpApiBudget } from '../http/api-budget.component.js';
import type { MissingComponent, Place } from '../manifest/compiler.js';
import { component, defineComponent } from '../manifest/component.js';
import { field, json, list, optional, type Field } from '../manifest/fields.js';
import { isObject } from '../manifest/tree.js';
import { anyConfiguration, spec, type ConfigRules } from '../spec/spec.component.js';
import { checks, type CheckModel } from './check.component.js';
import type { StreamModel } from './stream-model.js';
import { declarativeStream } from './stream.component.js';

/** A stream that the manifest defines and that cannot be read here. */
export interface UnavailableStream {
  name: string;
  /** The code that it, or a parent stream of it, needs. */
  missing: readonly MissingComponent[];
}

/** A compiled manifest: everything but configuration. */
export interface SourceModel {
  streams: readonly StreamModel[];
  unavailable: readonly UnavailableStream[];
  check: CheckModel;
  /** JSON schema of the configuration, draft 7, with `airbyte_secret`. */
  connectionSpecification: JsonObject;
  rules: ConfigRules;
  limits: readonly BudgetLimit[];
  /** What is accepted but probably not meant, with its place. */
  warnings: readonly FieldError[];
}

type Listed = { model: StreamModel } | UnavailableStream;

const listedStream: Field<Listed> = field((value, place) => {
  const { built, missing } = available(component(() => [declarativeStream])).parse(value, place);
  return built === undefined ? { name: nameOf(value), missing } : { model: built };
});

function nameOf(stream: unknown): string {
  if (!isObject(stream)) return '';
  const { name, $parameters: parameters } = stream;
  if (typeof name === 'string' && name !== '') return name;
  return isObject(parameters) && typeof parameters['name'] === 'string' ? parameters['name'] : '';
}

export const declarativeSource = defineComponent({
  type: 'DeclarativeSource',
  fields: {
    check: component(() => checks),
    streams: optional(list(listedStream), []),
    spec: optional(
      component(() => [spec]),
      anyConfiguration,
    ),
    api_budget: optional(
      component(() => [httpApiBudget]),
      [],
    ),
    version: optional(json()),
  },
  // Threads are Airbyte's way to be concurrent; movers and budgets are ours. Definitions and schemas are used by reference.
  ignored: ['definitions', 'schemas', 'concurrency_level', 'max_concurrent_async_job_count'],
  uncovered: ['dynamic_streams', 'stream_groups'],
  build({ check, streams: listed, spec: { schema, rules, missing }, api_budget: limits }, place): SourceModel {
    const last = lastOfEachName(listed, place);
    const models = last.flatMap((one) => ('model' in one ? [one.model] : []));
    const unavailable = last.flatMap((one) => ('model' in one ? [] : [one]));
    const source = { check, connectionSpecification: schema, rules, limits, warnings: [] };
    // Where the configuration itself needs code, nothing can be read.
    if (missing.length > 0)
      return {
        ...{ ...source, streams: [] },
        unavailable: last.map((one) => ({
          name: nameIn(one),
          missing: unique([...missing, ...('model' in one ? [] : one.missing)]),
        })),
      };
    warnOfUnknown(check, last.map(nameIn), place);
    return { ...source, streams: models, unavailable };
  },
});

const nameIn = (one: Listed): string => ('model' in one ? one.model.name : one.name);

/** As in Airbyte: of streams with one name the last is read. */
function lastOfEachName(streams: readonly Listed[], place: Place): Listed[] {
  const names = streams.map(nameIn);
  return streams.filter((_stream, index) => {
    const [name = '', path] = [names[index], `${place.pointer}/streams/${index}`];
    if (name === '') place.compiler.report({ path, message: 'the stream has no name' });
    if (names.lastIndexOf(name) === index) return true;
    place.compiler.warn({ path, message: 'a later stream has the same name and takes its place', found: name });
    return false;
  });
}

/** A check of a stream that is not there fails whenever it is made; reading does not need it. */
function warnOfUnknown(check: CheckModel, names: readonly string[], place: Place): void {
  for (const name of check.streams)
    if (!names.includes(name))
      place.compiler.warn({
        ...{ path: `${place.pointer}/check/stream_names`, message: 'there is no such stream: a check will fail' },
        ...{ found: name, allowed: [...names] },
      });
}
