import { AsyncLocalStorage } from 'node:async_hooks';
import { beforeAll, expect, it } from '@jest/globals';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { interceptors as untraced } from './untraced-interceptors.js';

type Call = (input: object, next: () => Promise<unknown>) => Promise<unknown>;
type Calls = { [side in 'inbound' | 'outbound']: Record<string, Call>[] };

let traced: Calls;
beforeAll(async () => {
  // What the sandbox of workflows has.
  Object.assign(globalThis, { AsyncLocalStorage });
  const module = (await import('@temporalio/interceptors-opentelemetry-v2/lib/workflow-interceptors.js')) as unknown as {
    interceptors: () => Calls;
  };
  traced = module.interceptors();
  // Theirs takes its ids from the workflow.
  const tracer = new BasicTracerProvider().getTracer('test');
  for (const interceptor of [...traced.inbound, ...traced.outbound]) Object.assign(interceptor, { tracer });
});

/** Turns of the microtask queue until it is settled. */
async function turns(promise: Promise<unknown>): Promise<number> {
  let count = 0;
  let settled = false;
  const end = (): void => void (settled = true);
  promise.then(end, end);
  for (; !settled && count < 1_000; count++) await Promise.resolve();
  return count;
}

const input = { headers: {}, signalName: 'a', queryName: 'a', name: 'a', updateId: 'a', activityType: 'a', workflowType: 'a' };
const ENDS = {
  'a value': () => Promise.resolve(1),
  'an error': () => Promise.reject(new Error('no')),
};

it.each(
  [
    ...(['handleSignal', 'handleUpdate', 'handleQuery'] as const).map((name) => ['inbound', name] as const),
    ...(['scheduleActivity', 'scheduleLocalActivity', 'startChildWorkflowExecution', 'signalWorkflow'] as const).map(
      (name) => ['outbound', name] as const,
    ),
  ].flatMap(([side, name]) => Object.entries(ENDS).map(([end, next]) => ({ side, name, end, next }))),
)('$name takes as many steps as with a span until $end', async ({ side, name, next }) => {
  const [own] = (untraced() as unknown as Calls)[side];
  const [theirs] = traced[side];
  const expected = await turns(theirs![name]!(input, next));
  expect(expected).toBeGreaterThan(3);
  expect(await turns(own![name]!(input, next))).toBe(expected);
});

/** The one that cannot run outside of a workflow is made as the others are. */
it('intercepts what those intercept that make spans', () => {
  const names = ({ inbound, outbound }: Calls): string[] =>
    [inbound[0], outbound[0]].flatMap((one) => [
      ...Object.keys(one!),
      ...Object.getOwnPropertyNames(Object.getPrototypeOf(one) as object),
    ]);
  const own = names(untraced() as unknown as Calls);
  expect(names(traced)).toEqual(expect.arrayContaining(['execute', 'handleSignal', 'scheduleActivity']));
  expect(own).toEqual(expect.arrayContaining(['execute', 'handleSignal', 'handleUpdate', 'handleQuery', 'scheduleActivity']));
});
