import { triggerOf, type FlowDefinition } from '../../contracts/flow.schema.js';
import { mappingExpressions, type Expression } from './mapping.js';

/** An expression, what it may name, and the steps that are over when it is evaluated. */
export interface Place extends Expression {
  names: readonly string[];
  earlier: readonly string[];
}

/** Every expression of a flow. Pure. */
export function placesOf(flow: FlowDefinition): Place[] {
  const base = ['run', triggerOf(flow) === 'request' ? 'input' : 'event'];
  const cel = (text: string | undefined, path: string): Expression[] =>
    text === undefined ? [] : [{ path, language: 'cel', text }];
  const at = (expressions: readonly Expression[], names: readonly string[], earlier: readonly string[]): Place[] =>
    expressions.map((one) => ({ ...one, names, earlier }));
  const ids = flow.steps.map(({ id }) => id);
  const steps = flow.steps.flatMap((step, index): Place[] => {
    const path = `/steps/${index}`;
    const before = ids.slice(0, index);
    const names = [...base, 'steps'];
    const each = step.forEach === undefined ? names : [...names, 'item', 'index'];
    const list: Expression[] =
      step.forEach === undefined ? [] : [{ path: `${path}/forEach`, language: 'jsonata', text: step.forEach }];
    const undo = step.compensate === undefined ? [] : mappingExpressions(step.compensate.input, `${path}/compensate/input`);
    return [
      ...at([...cel(step.if, `${path}/if`), ...list], names, before),
      ...at(mappingExpressions(step.input, `${path}/input`), each, before),
      ...at(undo, [...each, 'result'], [...before, step.id]),
    ];
  });
  const respond = flow.respond === undefined ? [] : mappingExpressions(flow.respond, '/respond');
  return [...at(cel(flow.when, '/when'), base, []), ...steps, ...at(respond, [...base, 'steps'], ids)];
}
