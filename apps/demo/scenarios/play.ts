import { checkout } from './checkout.js';
import { hiring } from './hiring.js';
import { inquiry } from './inquiry.js';
import type { Scenario, ScenarioWorld } from './scenario.js';
import { together } from './together.js';

/** In this order: the last one counts the sales of all. */
const SCENARIOS: readonly Scenario[] = [checkout, inquiry, hiring, together];

/** Plays one after the other and says what is so and what is not; how many claims were wrong. */
export async function playScenarios(world: ScenarioWorld, workflowUrl: (id: string) => string): Promise<number> {
  let wrong = 0;
  for (const [index, { title, play }] of SCENARIOS.entries()) {
    world.say(`\n${index + 1}. ${title}`);
    const started = performance.now();
    const { claims, workflows } = await play({ ...world, say: (line) => world.say(`   ${line}`) });
    for (const { says, right } of claims) world.say(`   ${right ? '✓' : '✗ WRONG:'} ${says}`);
    wrong += claims.filter(({ right }) => !right).length;
    const links = workflows.map(workflowUrl).join('  ');
    world.say(`   ${((performance.now() - started) / 1000).toFixed(1)} s  ${links}`);
  }
  return wrong;
}
