import { demoSucceeded, demoTable } from './report.js';
import { runDemo, type DemoRequest } from './run-demo.js';
import { demoWorld } from './scenarios/demo-world.js';
import { playScenarios } from './scenarios/play.js';
import { whatNext } from './what-next.js';

/** The parts of the demo that were asked for; whether everything is right, and what there is to see and to try. */
export async function playDemo(request: DemoRequest): Promise<{ right: boolean; next: string }> {
  const { stack, options, bar } = request;
  const say = (line: string): void => bar.say(line);
  let right = true;
  const next = [`API documentation  ${stack.apiUrl}/v1/docs`, `Temporal UI        ${stack.temporalUiUrl}`];
  if (options.part !== 'scenarios') {
    const { result, runId, syncId } = await runDemo(request);
    say(`\n${demoTable(result)}\n`);
    right &&= demoSucceeded(result);
    next.push(...whatNext.afterSync({ stack, runId, syncId }));
  }
  if (options.part !== 'sync') {
    const world = await demoWorld(stack, say);
    const wrong = await playScenarios(world, (id) => `${stack.temporalUiUrl}/namespaces/default/workflows/${id}`);
    say(wrong === 0 ? '\nAll of this is as it has to be.\n' : `\n${wrong} of these things are wrong.\n`);
    right &&= wrong === 0;
    next.push(...whatNext.afterScenarios({ stack, flow: world.flows.checkout }));
  }
  return { right, next: [...next, '', 'It stays up until Ctrl-C.'].join('\n') };
}
