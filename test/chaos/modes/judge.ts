import { verdict, type Verdict } from '../result.js';
import type { World } from '../world.js';
import type { Change } from './change-shop.js';
import { TOUCHED, type Subject } from './subjects.js';

/** The table of a subject, value by value, against the shop. `change`: what happened since the first load; null: this was the first. */
export async function judge(world: World, subject: Subject, change: Change | null): Promise<Verdict> {
  const { entity, table, keeps } = subject;
  switch (subject.expects) {
    case 'records':
      return verdict(await world.compare(entity, table, keeps === undefined ? {} : { keeps }));
    case 'copies':
      return judgeCopies(world, subject, change);
    case 'history':
      return judgeHistory(world, subject, change);
  }
}

/** A whole copy with each run, that came in one transaction of its own. */
async function judgeCopies({ warehouse, compare }: World, { entity, table }: Subject, change: Change | null): Promise<Verdict> {
  const copies = await warehouse.transactions(table);
  const states = change === null ? [undefined] : [change.before, undefined];
  const verdicts: Verdict[] = [];
  for (const [index, state] of states.entries())
    verdicts.push(
      await warehouse.withView(table, `xmin::text = '${copies[index] ?? 0}'`, async (view) =>
        verdict(await compare(entity, view, state === undefined ? {} : { state })),
      ),
    );
  const problems =
    copies.length === states.length ? [] : [`the rows came in ${copies.length} transactions instead of ${states.length}`];
  return sum([...verdicts, { lost: 0, duplicated: 0, differing: 0, problems }]);
}

/** The current versions are the shop's records; the others are what was touched, each ended by its successor. */
async function judgeHistory({ warehouse, compare }: World, { entity, table }: Subject, change: Change | null): Promise<Verdict> {
  const current = await warehouse.withView(table, '_sluice_current', async (view) => verdict(await compare(entity, view)));
  const { ended, loose } = await warehouse.endedVersions(table, change?.touched ?? { from: 0, to: 0 });
  const expected = change === null ? 0 : TOUCHED;
  const lost = Math.max(0, expected - ended);
  const duplicated = Math.max(0, ended - expected);
  const problems = [
    ...(ended === expected ? [] : [`${ended} versions have ended instead of ${expected}`]),
    ...(loose === 0 ? [] : [`${loose} versions that ended are none of what was touched, or do not end where the next begins`]),
  ];
  return sum([current, { lost, duplicated, differing: loose, problems }]);
}

const sum = (verdicts: readonly Verdict[]): Verdict => ({
  lost: verdicts.reduce((total, { lost }) => total + lost, 0),
  duplicated: verdicts.reduce((total, { duplicated }) => total + duplicated, 0),
  differing: verdicts.reduce((total, { differing }) => total + differing, 0),
  problems: verdicts.flatMap(({ problems }) => problems),
});
