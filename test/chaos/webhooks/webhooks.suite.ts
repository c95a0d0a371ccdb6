import { RestClient } from '../../../apps/demo/rest-client.js';
import type { Stack } from '../../../libs/stack/index.js';
import { randomFrom, type Random } from '../random.js';
import { tooLate, type ChaosResult } from '../result.js';
import { pause, secondsSince, until } from '../wait.js';
import { withWorld, type World } from '../world.js';
import { Inbox } from './inbox.js';
import { sendAll, type Target } from './provider.js';

/** What is killed while events come, each in its share of them. */
const VICTIMS = ['api', 'worker-1', 'temporal', 'postgres'] as const;
const FIRST_STRIKE_MS = 500;
const LAST_STRIKE_MS = 4_000;
const LONGEST_ABSENCE_MS = 3_000;
const MOST_STRIKES = 6;
/** After the last event was acknowledged each flow has ended within this, at this many a second: the development server of Temporal is slow. */
const SETTLE_SECONDS = 120;
const LEAST_PER_SECOND = 3;

/** Sends events, twice and in any order, while the API, the worker, Temporal and PostgreSQL are killed: each has its one effect. */
export async function webhooks(
  { rounds, seed, events }: { rounds: number; seed: number; events: number },
  results: ChaosResult[],
): Promise<void> {
  const random = randomFrom(seed);
  await withWorld({ sizes: {} }, async (world) => {
    const inbox = new Inbox(world.stack);
    try {
      const target = await openHook(world.stack);
      for (let round = 1; round <= rounds; round++)
        for (const victim of VICTIMS) {
          const share = Math.ceil(events / VICTIMS.length);
          results.push(await play(world, inbox, { round, victim, share, target, random }));
        }
    } finally {
      await inbox.close();
    }
  });
}

/** A flow that notes each sale at the CRM, which makes one more purchase of every call: what was done twice is there twice. */
async function openHook(stack: Stack): Promise<Target> {
  const rest = new RestClient(stack.apiUrl, stack.apiKey);
  const config = { base_url: stack.shopUrl, api_key: stack.shopApiKey };
  const connect = (name: string, connector: string) => rest.post<{ id: string }>('/v1/connections', { name, connector, config });
  const selling = await connect('selling', 'demo-shop');
  await connect('history', 'demo-crm');
  await rest.post('/v1/flows', {
    name: 'note sales',
    on: { webhook: { connection: 'selling', event: 'sale.placed' } },
    steps: [{ id: 'note', connection: 'history', action: 'add_purchase', input: PURCHASE }],
  });
  const hook = await rest.post<{ path: string; secret: string }>(`/v1/connections/${selling.id}/hooks`, { webhook: 'events' });
  return { url: stack.apiUrl + hook.path, secret: hook.secret };
}

const PURCHASE = {
  reference: 'event.body.data.id',
  email: 'event.body.data.customer_email',
  amount: 'event.body.data.total',
};

interface Part {
  round: number;
  victim: (typeof VICTIMS)[number];
  share: number;
  target: Target;
  random: Random;
}

async function play({ stack }: World, inbox: Inbox, part: Part): Promise<ChaosResult> {
  const { round, victim, share, target, random } = part;
  const prefix = `${round}-${victim}-`;
  const ids = Array.from({ length: share }, (_, index) => `${prefix}${index}`);
  const sending = sendAll(ids, target, random);
  const strikes = await strike(stack, victim, random, sending);
  const { acknowledged, refused, strange } = await sending;
  const since = performance.now();
  const bound = SETTLE_SECONDS + Math.ceil(share / LEAST_PER_SECOND);
  const problems: string[] = [];
  const settled = await until({
    what: 'every flow to end',
    withinMs: bound * 1_000,
    everyMs: 500,
    patient: true,
    probe: async () => {
      const found = await inbox.found(prefix);
      return found.open === 0 && found.deliveries >= share ? found : undefined;
    },
  }).catch((error: unknown) => void problems.push(String(error)));
  const seconds = secondsSince(since);
  const { events, deliveries, twice, failed } = settled ?? (await inbox.found(prefix));
  const purchases = await inbox.purchases(prefix);
  const undone = ids.filter((id) => !purchases.has(id)).length;
  const again = [...purchases.values()].reduce((sum, count) => sum + count - 1, 0);
  const unacknowledged = share - acknowledged.size;
  if (unacknowledged > 0) problems.push(`${unacknowledged} events were never acknowledged`);
  if (events !== share) problems.push(`${events} of ${share} events are stored`);
  if (deliveries !== share || twice > 0) problems.push(`${deliveries} deliveries of ${share} events, ${twice} too many`);
  if (failed > 0) problems.push(`${failed} flows failed`);
  if (undone > 0 || again > 0) problems.push(`${undone} events took no effect, ${again} effects are too many`);
  const result: ChaosResult = {
    ...{ suite: 'webhooks', round, scenario: `${victim} killed`, mode: '-' },
    moment: `${strikes} times; ${share} events, ${refused} requests sent again`,
    ...{ lost: undone, duplicated: again, differing: 0, recovery_seconds: seconds, bound_seconds: bound },
    problems: [...problems, ...strange.slice(0, 3), ...tooLate(seconds, bound)],
  };
  console.log(
    `  round ${round}: ${result.scenario} ${result.moment}; drained in ${seconds} s; ${result.problems.join('; ') || 'right'}`,
  );
  return result;
}

/** Kills again and again, until everything was sent or it is enough. @returns how often */
async function strike(stack: Stack, victim: string, random: Random, sending: Promise<unknown>): Promise<number> {
  let done = false;
  void sending.finally(() => (done = true));
  let strikes = 0;
  do {
    await pause(random.between(FIRST_STRIKE_MS, LAST_STRIKE_MS));
    stack.kill(victim, 'SIGKILL');
    strikes += 1;
    await pause(random.between(0, LONGEST_ABSENCE_MS));
    await stack.restart(victim);
  } while (!done && strikes < MOST_STRIKES);
  return strikes;
}
