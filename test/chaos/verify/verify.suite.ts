import type { FindingView } from '../../../libs/contracts/verification.schema.js';
import type { WriteMode } from '../../../libs/contracts/write-mode.js';
import type { Destination } from '../options.js';
import { randomFrom } from '../random.js';
import type { ChaosResult } from '../result.js';
import { notSucceeded } from '../sluice-door.js';
import { secondsSince } from '../wait.js';
import { NAMESPACE, withWorld, type World } from '../world.js';
import { digestRound } from './digest-round.js';
import type { Round } from './round.js';
import { duckdbDoor, postgresDoor, type TableDoor } from './table-door.js';
import { choosePlants, PLANTS, ROWS, type Plant } from './plants.js';

const MODES: readonly WriteMode[] = ['incremental_upsert', 'incremental_append', 'full_refresh_overwrite'];

/**
 * Damages and drops rows behind Sluice's back: a verification has to name each of them and nothing else, and a repair has to touch nothing else. Then the same
 * with digests, without the source.
 */
export async function verify(
  { rounds, seed, destination }: { rounds: number; seed: number; destination: Destination },
  results: ChaosResult[],
): Promise<void> {
  const random = randomFrom(seed);
  await withWorld({ sizes: { orders: ROWS }, destination }, async (world) => {
    const door = destination === 'duckdb' ? duckdbDoor(world.duckdbFile) : await postgresDoor(world.stack.warehouseUrl);
    try {
      for (let round = 1; round <= rounds; round++)
        for (const mode of MODES) {
          results.push(await oneRound(world, door, { round, mode, random }));
          results.push(await digestRound(world, door, { round, mode, random }));
        }
    } finally {
      await door.close();
    }
  });
}

async function oneRound(world: World, warehouse: TableDoor, { round, mode, random }: Round): Promise<ChaosResult> {
  const { sluice } = world;
  const table = `verify_${mode}_${round}`;
  const relation = `"${NAMESPACE}"."${table}"`;
  const syncId = await sluice.createSync({ name: table, stream: 'orders', table, mode, namespace: NAMESPACE, ...warehouse.told });
  const problems = notSucceeded(await sluice.ended(await sluice.start(syncId)));
  const clean = await sluice.verify(syncId, { source: true });
  if (clean.findings.length > 0) problems.push(`${clean.findings.length} findings in a table that nobody had touched`);

  const before = await warehouse.versions(relation);
  const plants = choosePlants(random, { mode, count: PLANTS, rows: ROWS });
  await warehouse.change(
    plants.map(({ damage, id, amount }) => ({ sql: damage.sql(relation, warehouse.destination), values: [id, amount] })),
  );
  const started = performance.now();
  const { findings, counts } = await sluice.verify(syncId, { source: true, repair: true });
  const seconds = secondsSince(started);
  const judged = judge(plants, findings, mode);
  problems.push(...judged.problems);
  const touched = await touchedOthers(warehouse, relation, { before, plants });
  if (touched > 0) problems.push(`the repair touched ${touched} rows that were right`);
  problems.push(...(await afterRepair(world, { syncId, mode, plants, table })));
  const found = PLANTS - judged.missed;
  console.log(
    `  round ${round}, ${mode}: ${found} of ${PLANTS} found in ${seconds} s, ${counts.repaired} repaired, ${touched} others touched`,
  );
  return {
    ...{
      suite: 'verify',
      destination: warehouse.destination,
      round,
      scenario: `${PLANTS} damages`,
      mode,
      moment: `${found} of ${PLANTS} found, ${counts.repaired} repaired`,
    },
    ...{ lost: judged.missed, duplicated: 0, differing: judged.invented, recovery_seconds: null, bound_seconds: 0, problems },
  };
}

/** Every damage by the key of its row and under its name, and nothing besides. The count of rows and of doubled keys may be named too. */
function judge(plants: readonly Plant[], findings: readonly FindingView[], mode: WriteMode) {
  const rows = new Map(findings.filter(({ key }) => key !== null).map((finding) => [finding.key?.['id'] ?? null, finding]));
  const problems: string[] = [];
  let missed = 0;
  for (const { damage, named } of plants) {
    const finding = rows.get(String(named));
    rows.delete(String(named));
    if (finding === undefined) missed += 1;
    if (finding?.kind === damage.kind(mode) && (mode !== 'incremental_upsert' || finding.outcome === damage.outcome)) continue;
    problems.push(`${damage.name} of ${named}: ${finding === undefined ? 'not found' : `${finding.kind}, ${finding.outcome}`}`);
  }
  for (const finding of rows.values()) problems.push(`${finding.kind} of ${JSON.stringify(finding.key)} was not planted`);
  return { missed, invented: rows.size, problems: problems.slice(0, 20) };
}

/** A repaired upsert has only what a repair leaves; a full refresh replaces all of it; an append keeps what is not missing. */
async function afterRepair(
  world: World,
  { syncId, mode, plants, table }: { syncId: string; mode: WriteMode; plants: readonly Plant[]; table: string },
): Promise<string[]> {
  const { sluice } = world;
  if (mode === 'full_refresh_overwrite') {
    const problems = notSucceeded(await sluice.ended(await sluice.start(syncId)));
    const { findings } = await sluice.verify(syncId, { source: true });
    return findings.length === 0 ? problems : [...problems, `${findings.length} findings after a full refresh`];
  }
  const left = plants.filter(({ damage }) =>
    mode === 'incremental_append' ? damage.name !== 'row deleted' : damage.outcome === 'left',
  );
  const { findings } = await sluice.verify(syncId, { source: true });
  const rows = findings.filter(({ key }) => key !== null);
  if (rows.length !== left.length) return [`${rows.length} rows are wrong after the repair instead of ${left.length}`];
  if (mode !== 'incremental_upsert') return [];
  await world.show([table]);
  const { lost, duplicated, differing } = await world.warehouse.withView(table, 'true', (view) => world.compare('orders', view));
  const later = plants.filter(({ damage }) => damage.name === 'cursor shifted on').length;
  return lost + duplicated === 0 && differing === later
    ? []
    : [`after the repair ${lost} lost, ${duplicated} doubled, ${differing} differing`];
}

async function touchedOthers(
  warehouse: TableDoor,
  relation: string,
  { before, plants }: { before: ReadonlyMap<string, string>; plants: readonly Plant[] },
): Promise<number> {
  const damaged = new Set(plants.flatMap(({ id, named }) => [String(id), String(named)]));
  const after = await warehouse.versions(relation);
  return [...before].filter(([id, at]) => !damaged.has(id) && after.get(id) !== at).length;
}
