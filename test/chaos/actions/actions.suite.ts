import { RestClient } from '../../../apps/demo/rest-client.js';
import type { Stack } from '../../../libs/stack/index.js';
import { paymentsManifest, paymentsSluice } from '../../support/actions/payments-api.js';
import { startApp } from '../../support/app-process.js';
import { randomFrom, type Random } from '../random.js';
import { tooLate, type ChaosResult } from '../result.js';
import { pause, secondsSince } from '../wait.js';
import { withWorld } from '../world.js';
import { Caller, type Ending } from './caller.js';
import { Provider, WAYS, type Way } from './provider.js';

/** Callers of one key. */
const RACERS = 64;
const RACE_SECONDS = 30;
const VICTIMS = ['api', 'worker-1'] as const;
/** Of each way, in a part. */
const CALLS = 40;
const AT_ONCE = 24;
/** So many calls wait for their answer, or so long is waited for them, when a process is killed. */
const HANGING = 3;
const PATIENCE_MS = 3_000;
const LONGEST_ABSENCE_MS = 2_000;
const MOST_STRIKES = 5;
/** After the last kill: deadlines of calls (5 s), of activities, and of the next try. */
const SETTLE_SECONDS = 90;

interface Scene {
  stack: Stack;
  provider: Provider;
  caller: Caller;
  connection: string;
  random: Random;
}

/** Calls actions by two API processes, many with one key and each while the API or the worker is killed: the provider counts what took effect. */
export async function actions({ rounds, seed }: { rounds: number; seed: number }, results: ChaosResult[]): Promise<void> {
  const random = randomFrom(seed);
  const provider = await Provider.start(random);
  try {
    await withWorld({ sizes: {}, allow: [provider.host] }, async ({ stack }) => {
      const other = await startApp('api', { env: { ...stack.env } });
      try {
        const caller = new Caller(stack, [stack.apiUrl, other.address]);
        const scene: Scene = { stack, provider, caller, random, connection: await connect(stack, provider) };
        for (let round = 1; round <= rounds; round++) {
          for (const way of WAYS) results.push(await race(scene, { round, way }));
          for (const victim of VICTIMS) results.push(...(await killed(scene, { round, victim })));
        }
      } finally {
        await other.stop();
      }
    });
  } finally {
    await provider.close();
  }
}

async function connect({ apiUrl, apiKey }: Stack, provider: Provider): Promise<string> {
  const rest = new RestClient(apiUrl, apiKey);
  await rest.post('/v1/connectors', { name: 'payments', manifest: paymentsManifest, sluice: paymentsSluice });
  const config = { base_url: `http://${provider.host}`, api_key: 'right' };
  // Without declared limits answers that never come would make the account careful, and calls wait.
  const budget = { limits: [{ kind: 'concurrency', name: 'calls', max: 100 }] };
  return (await rest.post<{ id: string }>('/v1/connections', { name: 'payments', connector: 'payments', config, budget })).id;
}

async function race({ provider, caller, connection }: Scene, { round, way }: { round: number; way: Way }): Promise<ChaosResult> {
  const reference = `raced.${round}.${way}`;
  const since = performance.now();
  const answers = await Promise.all(
    Array.from({ length: RACERS }, (_, api) => caller.ask({ connection, action: way, reference }, { api, wait: RACE_SECONDS })),
  );
  const seconds = secondsSince(since);
  const effects = provider.effects(reference);
  const right = answers.filter((answer) => answer?.status === 200).length;
  const runs = new Set(answers.map((answer) => answer?.run)).size;
  const problems = [
    ...(effects === 1 ? [] : [`${effects} effects`]),
    ...(right === RACERS && runs === 1 ? [] : [`${right} of ${RACERS} answers are 200, of ${runs} runs`]),
  ];
  return told({
    ...{ suite: 'actions', round, scenario: 'one key raced', mode: way, moment: `${RACERS} callers, 2 APIs` },
    ...{ lost: effects === 0 ? 1 : 0, duplicated: Math.max(0, effects - 1), differing: 0 },
    ...{ recovery_seconds: seconds, bound_seconds: RACE_SECONDS, problems: [...problems, ...tooLate(seconds, RACE_SECONDS)] },
  });
}

async function killed(
  { stack, provider, caller, connection, random }: Scene,
  { round, victim }: { round: number; victim: (typeof VICTIMS)[number] },
): Promise<ChaosResult[]> {
  const calls = Array.from({ length: CALLS }).flatMap((_, index) =>
    WAYS.map((way) => ({ way, reference: `${round}.${victim}.${way}.${index}` })),
  );
  const endings = new Map<string, Ending>();
  const waiting = [...calls].reverse();
  const struck = { strikes: 0, since: performance.now() };
  const lane = async (first: number): Promise<void> => {
    for (let call = waiting.pop(); call !== undefined; call = waiting.pop()) {
      const { way: action, reference } = call;
      const withinMs = SETTLE_SECONDS * 1_000;
      endings.set(reference, await caller.insist({ connection, action, reference }, { first, withinMs }));
    }
  };
  const calling = Promise.all(Array.from({ length: AT_ONCE }, (_, first) => lane(first)));
  let over = false;
  void calling.finally(() => (over = true));
  do {
    await Promise.race([provider.hanging(HANGING), pause(PATIENCE_MS)]);
    stack.kill(victim, 'SIGKILL');
    struck.strikes += 1;
    await pause(random.between(0, LONGEST_ABSENCE_MS));
    await stack.restart(victim);
    struck.since = performance.now();
  } while (!over && struck.strikes < MOST_STRIKES);
  await calling;
  const seconds = secondsSince(struck.since);
  return WAYS.map((mode) => {
    const found = calls.filter(({ way }) => way === mode).map(({ reference }) => judge(mode, reference, endings, provider));
    const sum = (name: 'lost' | 'duplicated' | 'unknown'): number => found.reduce((all, one) => all + one[name], 0);
    const problems = found.flatMap(({ problem }) => (problem === null ? [] : [problem])).slice(0, 5);
    return told({
      ...{ suite: 'actions', round, scenario: `${victim} killed`, mode },
      moment: `${struck.strikes} times; ${found.length} calls, ${sum('unknown')} outcome_unknown`,
      ...{ lost: sum('lost'), duplicated: sum('duplicated'), differing: 0 },
      ...{ recovery_seconds: seconds, bound_seconds: SETTLE_SECONDS },
      problems: [...problems, ...tooLate(seconds, SETTLE_SECONDS)],
    });
  });
}

/** Of one call, by what the provider has counted. Only where the provider gives nothing to find out by may nobody know. */
function judge(way: Way, reference: string, endings: ReadonlyMap<string, Ending>, provider: Provider) {
  const ending = endings.get(reference) ?? 'unanswered';
  const effects = provider.effects(reference);
  const unknown = ending === 'outcome_unknown' && way === 'pay_blindly';
  const right = unknown ? effects <= 1 : ending === 'succeeded' && effects === 1;
  return {
    lost: ending === 'succeeded' && effects === 0 ? 1 : 0,
    duplicated: Math.max(0, effects - 1),
    unknown: unknown ? 1 : 0,
    problem: right ? null : `${reference} ended ${ending} with ${effects} effects`,
  };
}

function told(result: ChaosResult): ChaosResult {
  const { round, scenario, mode, moment, problems, recovery_seconds: seconds } = result;
  console.log(`  round ${round}: ${scenario}, ${mode}, ${moment}; ${seconds} s; ${problems.join('; ') || 'right'}`);
  return result;
}
