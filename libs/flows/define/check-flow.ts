import { triggerOf, type FlowDefinition } from '../../contracts/flow.schema.js';
import type { ActionDescription } from '../../contracts/action.port.js';
import type { JsonValue } from '../../contracts/json.js';
import type { FieldError } from '../../errors/index.js';
import { isObject, toPointer } from '../../json/index.js';
import type { ExpressionSandbox } from '../expressions/expression-sandbox.js';
import { placesOf, type Place } from './places.js';

/** What a definition names outside of itself. */
export interface FlowReferences {
  /** Actions of a connection, as the definition names it; null: there is no such connection. */
  actionsOf(connection: string): readonly ActionDescription[] | null;
}

const FOUND = 200;

/** What is wrong with a flow, as JSON pointers into it; empty: nothing. */
export async function flowErrors(
  flow: FlowDefinition,
  sandbox: Pick<ExpressionSandbox, 'check'>,
  references: FlowReferences,
): Promise<FieldError[]> {
  return [...structureErrors(flow), ...flow.steps.flatMap(stepErrors(references)), ...(await expressionErrors(flow, sandbox))];
}

function structureErrors(flow: FlowDefinition): FieldError[] {
  const ids = flow.steps.map(({ id }) => id);
  const twice = ids.flatMap((id, index) =>
    ids.indexOf(id) < index ? [{ path: `/steps/${index}/id`, message: 'is the id of an earlier step too', found: id }] : [],
  );
  const respond =
    flow.respond !== undefined && triggerOf(flow) !== 'request'
      ? [{ path: '/respond', message: 'has nobody to answer: the flow is not started by a request' }]
      : [];
  return [...twice, ...respond];
}

const stepErrors =
  (references: FlowReferences) =>
  (step: FlowDefinition['steps'][number], index: number): FieldError[] => {
    const path = `/steps/${index}`;
    const { compensate } = step;
    return [
      ...callErrors(references, path, step.connection, step.action, step.input),
      ...(compensate === undefined
        ? []
        : callErrors(
            references,
            `${path}/compensate`,
            compensate.connection ?? step.connection,
            compensate.action,
            compensate.input,
          )),
    ];
  };

function callErrors(
  references: FlowReferences,
  path: string,
  connection: string,
  action: string,
  input: JsonValue,
): FieldError[] {
  const actions = references.actionsOf(connection);
  if (actions === null) return [{ path: `${path}/connection`, message: 'is no connection', found: connection }];
  const known = actions.find(({ name }) => name === action);
  if (known === undefined)
    return [
      {
        path: `${path}/action`,
        message: 'is not an action of the connection’s connector',
        found: action,
        allowed: actions.map(({ name }) => name),
      },
    ];
  return fieldErrors(known, path, input);
}

/** As far as the names of the action's fields tell before there are values. */
function fieldErrors({ input: schema }: ActionDescription, path: string, input: JsonValue): FieldError[] {
  if (!isObject(input)) return [];
  const required = Array.isArray(schema['required']) ? (schema['required'] as unknown[]).map(String) : [];
  const missing = required
    .filter((name) => !Object.hasOwn(input, name))
    .map((name) => ({ path: `${path}/input${toPointer([name])}`, message: 'is missing: the action requires it' }));
  const { properties } = schema;
  if (schema['additionalProperties'] !== false || !isObject(properties)) return missing;
  const strange = Object.keys(input)
    .filter((name) => !Object.hasOwn(properties, name))
    .map((name) => ({
      path: `${path}/input${toPointer([name])}`,
      message: 'is not known to the action',
      found: name,
      allowed: Object.keys(properties),
    }));
  return [...missing, ...strange];
}

async function expressionErrors(flow: FlowDefinition, sandbox: Pick<ExpressionSandbox, 'check'>): Promise<FieldError[]> {
  const places = placesOf(flow);
  const checked = await sandbox.check(places);
  return places.flatMap((place, index): FieldError[] => {
    const result = checked[index];
    if (result === undefined) return [];
    if (!result.ok) return [expressionError(place, result)];
    const strange = (result.steps ?? []).find((id) => !place.earlier.includes(id));
    return strange === undefined
      ? []
      : [
          {
            path: place.path,
            message: `names the step "${strange}", which is not over when this is evaluated`,
            found: place.text.slice(0, FOUND),
            allowed: [...place.earlier],
          },
        ];
  });
}

/** An expression that does not compile or that failed: its place, its text, and where in it. */
export function expressionError(
  { path, language, text }: Pick<Place, 'path' | 'language' | 'text'>,
  { message, position }: { message: string; position: number | null },
): FieldError {
  const where = position === null ? '' : `, character ${position}`;
  return { path, message: `${language === 'cel' ? 'CEL' : 'JSONata'}${where}: ${message}`, found: text.slice(0, FOUND) };
}
