import { randomUUID } from 'node:crypto';
import pg from 'pg';
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
/** After the last event was acknowledged and everything is up again, each has its workflow within this, at this many a second. */
const SETTLE_SECONDS = 30;
const LEAST_PER_SECOND = 20;

/** Sends events, twice and in any order, while the API, the worker, Temporal and PostgreSQL are killed: none is lost, each is handed to its flow once. */
export async function webhooks(
  { rounds, seed, events }: { rounds: number; seed: number; events: number },
  results: ChaosResult[],
): Promise<void> {
  const random = randomFrom(seed);
  await withWorld({ sizes: {} }, async (world) => {
    const inbox = new Inbox(world.stack);
    try {
      const target = await openHook(world.stack);
      let expected = 0;
      for (let round = 1; round <= rounds; round++)
        for (const victim of VICTIMS) {
          const share = Math.ceil(events / VICTIMS.length);
          expected += share;
          results.push(await play(world, inbox, { round, victim, share, target, expected, random }));
        }
    } finally {
      await inbox.close();
    }
  });
}

async function openHook(stack: Stack): Promise<Target> {
  const rest = new RestClient(stack.apiUrl, stack.apiKey);
  const config = { base_url: stack.shopUrl, api_key: stack.shopApiKey };
  const connection = await rest.post<{ id: string }>('/v1/connections', { name: 'selling', connector: 'demo-shop', config });
  const hook = await rest.post<{ path: string; secret: string }>(`/v1/connections/${connection.id}/hooks`, { webhook: 'events' });
  await subscribe(stack.databaseUrl, connection.id);
  return { url: stack.apiUrl + hook.path, secret: hook.secret };
}

async function subscribe(databaseUrl: string, connectionId: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(
    `INSERT INTO control.subscription (workspace_id, connection_id, event_type, flow_id, flow_version)
     SELECT workspace_id, id, 'sale.placed', $2, 1 FROM control.connection WHERE id = $1`,
    [connectionId, randomUUID()],
  );
  await client.end();
}

interface Part {
  round: number;
  victim: (typeof VICTIMS)[number];
  share: number;
  target: Target;
  /** Workflows that there are to be in all, this part's included. */
  expected: number;
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
    what: 'every delivery to be started',
    withinMs: bound * 1_000,
    patient: true,
    probe: async () => {
      const found = await inbox.found(prefix);
      return found.pending === 0 && found.deliveries >= share && (await inbox.executions()) >= part.expected ? found : undefined;
    },
  }).catch((error: unknown) => void problems.push(String(error)));
  const seconds = secondsSince(since);
  const { events, deliveries, twice } = settled ?? (await inbox.found(prefix));
  const executions = await inbox.executions();
  const unacknowledged = share - acknowledged.size;
  if (unacknowledged > 0) problems.push(`${unacknowledged} events were never acknowledged`);
  if (events !== share) problems.push(`${events} of ${share} events are stored`);
  if (deliveries !== share || twice > 0) problems.push(`${deliveries} deliveries of ${share} events, ${twice} too many`);
  if (executions !== part.expected) problems.push(`${executions} workflows of ${part.expected} deliveries in all`);
  const result: ChaosResult = {
    ...{ suite: 'webhooks', round, scenario: `${victim} killed`, mode: '-' },
    moment: `${strikes} times; ${share} events, ${refused} requests sent again`,
    ...{ lost: Math.max(0, share - events), duplicated: twice + Math.max(0, executions - part.expected), differing: 0 },
    ...{ recovery_seconds: seconds, bound_seconds: bound },
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
