import type { ChaosResult } from '../result.js';
import { notSucceeded } from '../sluice-door.js';
import { secondsSince } from '../wait.js';
import { NAMESPACE, type World } from '../world.js';
import { choosePlants, PLANTS, ROWS, rowsAdded, type Plant } from './plants.js';
import type { Round } from './round.js';
import type { TableDoor } from './table-door.js';

/** Damages rows of a table with digests: a verification that does not ask the source has to name each of them and nothing else. */
export async function digestRound(world: World, warehouse: TableDoor, { round, mode, random }: Round): Promise<ChaosResult> {
  const { sluice } = world;
  const table = `digest_${mode}_${round}`;
  const relation = `"${NAMESPACE}"."${table}"`;
  const metadata = ['digest' as const];
  const syncId = await sluice.createSync({ name: table, stream: 'orders', table, mode, namespace: NAMESPACE, metadata });
  const problems = notSucceeded(await sluice.ended(await sluice.start(syncId)));
  const clean = await sluice.verify(syncId, {});
  if (clean.findings.length > 0) problems.push(`${clean.findings.length} findings in a table that nobody had touched`);
  const plants = choosePlants(random, { mode, count: PLANTS, rows: ROWS });
  await warehouse.change(
    plants.map(({ damage, id, amount }) => ({ sql: damage.sql(relation, warehouse.destination), values: [id, amount] })),
  );

  const started = performance.now();
  const { findings, records } = await sluice.verify(syncId, {});
  const seconds = secondsSince(started);
  if (records !== null) problems.push(`the source was asked for ${records} records`);
  const named = new Set(findings.filter(({ kind }) => kind === 'digest').map(({ key }) => key?.['id'] ?? null));
  const [counted, seen] = [
    plants.filter((plant) => rowsAdded(plant) !== null),
    plants.filter((plant) => rowsAdded(plant) === null),
  ];
  const missed = seen.filter((plant) => !named.has(String(plant.named)));
  const planted = new Set(seen.map((plant) => String(plant.named)));
  const invented = [...named].filter((id) => id === null || !planted.has(id));
  for (const { damage, named: id } of missed) problems.push(`${damage.name} of ${id} was not found`);
  for (const id of invented) problems.push(`the row ${id} was not damaged`);
  const more = rowsMore(plants);
  const miscounted = findings.some(({ kind }) => kind === 'row_count') !== (more !== 0);
  if (miscounted) problems.push(`the table has ${more} rows more than it was given, and the count said otherwise`);

  if (mode === 'incremental_upsert') problems.push(...(await afterRepair(world, { syncId, plants })));
  const found = PLANTS - missed.length - (miscounted ? counted.length : 0);
  console.log(
    `  round ${round}, ${mode}, digests: ${found} of ${PLANTS} found in ${seconds} s without the source, ${counted.length} of them by the ledger’s count`,
  );
  return {
    ...{ suite: 'verify', destination: warehouse.destination, round, scenario: `${PLANTS} damages, digests`, mode },
    moment: `${found} of ${PLANTS} found`,
    ...{ lost: PLANTS - found, duplicated: 0, differing: invented.length, recovery_seconds: null, bound_seconds: 0 },
    problems: problems.slice(0, 20),
  };
}

/** Rows that the damages left in the table beyond those that it was given. */
const rowsMore = (plants: readonly Plant[]): number =>
  plants.reduce((sum, plant) => sum + (plant.damage.name === 'row added' ? 1 : (rowsAdded(plant) ?? 0)), 0);

/** What a repair with the source loads again has its digest; what it leaves is still named. */
async function afterRepair(
  { sluice }: World,
  { syncId, plants }: { syncId: string; plants: readonly Plant[] },
): Promise<string[]> {
  await sluice.verify(syncId, { source: true, repair: true });
  const { findings } = await sluice.verify(syncId, {});
  const named = findings.flatMap(({ kind, key }) => (kind === 'digest' ? [key?.['id']] : [])).sort();
  const left = plants.flatMap((plant) => (plant.damage.outcome === 'left' ? [String(plant.named)] : [])).sort();
  return named.join() === left.join() ? [] : [`after the repair ${named.length} rows are named instead of ${left.length}`];
}
