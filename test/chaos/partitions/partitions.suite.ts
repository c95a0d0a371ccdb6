import { Client, Connection } from '@temporalio/client';
import { CHILDREN, FamilyApi } from '../../support/runs/family-api.js';
import { randomFrom } from '../random.js';
import { tooLate, type ChaosResult } from '../result.js';
import { notSucceeded } from '../sluice-door.js';
import { secondsSince, until } from '../wait.js';
import { NAMESPACE, withWorld, type World } from '../world.js';

const WORKER = 'worker-1';
/** A new worker has to go on within this. */
const RECOVERY_SECONDS = 15;
/** Of the whole run, however many partitions it has. */
const MOST_EVENTS = 500;
/** A slow machine moves so many partitions a second. */
const SLOWEST_PER_SECOND = 40;
/** The kill comes when this part of the partitions is complete. */
const KILLED_BETWEEN = [0.2, 0.6] as const;

interface Request {
  rounds: number;
  seed: number;
  parents: number;
}

/** A stream with a partition for each of very many parents: kill -9 of the worker in the middle, a bounded history, every record once. */
export async function partitions({ rounds, seed, parents }: Request, results: ChaosResult[]): Promise<void> {
  const random = randomFrom(seed);
  const api = await FamilyApi.start(parents);
  try {
    await withWorld({ sizes: {}, allow: [api.target] }, async (world) => {
      const sourceId = await world.sluice.addSource('family', api.manifest);
      for (let round = 1; round <= rounds; round++)
        results.push(await oneRound(world, { round, sourceId, parents, killedAt: random.between(...KILLED_BETWEEN) }));
    });
  } finally {
    await api.close();
  }
}

async function oneRound(
  world: World,
  { round, sourceId, parents, killedAt }: { round: number; sourceId: string; parents: number; killedAt: number },
): Promise<ChaosResult> {
  const { sluice, warehouse, stack } = world;
  const table = `children_${round}`;
  const mode = 'incremental_append';
  const syncId = await sluice.createSync({ name: table, stream: 'children', table, mode, namespace: NAMESPACE, sourceId });
  const withinMs = (parents / SLOWEST_PER_SECOND) * 1_000 + 60_000;
  const started = performance.now();
  const runId = await sluice.start(syncId);
  const wanted = Math.floor(parents * killedAt);
  await until({
    what: `${wanted} partitions`,
    withinMs,
    everyMs: 500,
    probe: async () => ((await warehouse.chunks(runId)) >= wanted ? true : undefined),
  });
  const moment = `after ${secondsSince(started)} s: ${await warehouse.chunks(runId)} of ${parents} partitions`;
  stack.kill(WORKER, 'SIGKILL');
  await stack.restart(WORKER);
  const ready = performance.now();
  const before = await warehouse.chunks(runId);
  await until({
    what: 'the new worker to go on',
    withinMs: 60_000,
    probe: async () => ((await warehouse.chunks(runId)) > before ? true : undefined),
  });
  const recovery = secondsSince(ready);
  const run = await sluice.ended(runId, withinMs);
  const seconds = secondsSince(started);
  const events = await historyLength(world, run.workflow_id);
  const { rows, distinct } = await warehouse.keys(table, 'id');
  console.log(
    `  round ${round}: ${parents} partitions in ${seconds} s (${Math.round(parents / seconds)}/s, a kill included), ${events} events`,
  );
  return {
    ...{ suite: 'partitions', round, scenario: 'kill -9', mode, moment },
    lost: parents * CHILDREN - distinct,
    duplicated: rows - distinct,
    differing: 0,
    recovery_seconds: recovery,
    bound_seconds: RECOVERY_SECONDS,
    problems: [
      ...notSucceeded(run),
      ...(rows === parents * CHILDREN && distinct === rows ? [] : [`${rows} rows, ${distinct} of them distinct`]),
      ...(events < MOST_EVENTS ? [] : [`a history of ${events} events; fewer than ${MOST_EVENTS} were promised`]),
      ...tooLate(recovery, RECOVERY_SECONDS),
    ],
  };
}

/** Events of all executions that the run consists of. */
async function historyLength({ stack }: World, workflowId: string): Promise<number> {
  const connection = await Connection.connect({ address: stack.temporalAddress });
  try {
    const { workflow } = new Client({ connection });
    let events = 0;
    for await (const execution of workflow.list({ query: `WorkflowId = '${workflowId}'` }))
      events += execution.historyLength ?? 0;
    return events;
  } finally {
    await connection.close();
  }
}
