import type { Counts } from '../../../libs/contracts/destination.port.js';
import { byCursor, type ItemRecord } from './item-record.js';

/** What a reader sees of one version. `name` is null where the row is valid at no time. */
export interface Version {
  id: number;
  name: string | null;
  seen: string;
  from: string;
  to: string | null;
  current: boolean;
}

interface Point {
  at: string;
  /** null: deleted. */
  name: string | null;
}

/** scd2 as it is meant: whole histories in memory, made anew from their points with every chunk. */
export class HistoryModel {
  private readonly histories = new Map<number, Version[]>();
  private readonly heard = new Map<number, ItemRecord>();

  get versions(): Version[] {
    return [...this.histories.values()].flat();
  }

  /** By key, what the newest of all records says, whatever chunks they came in; null: deleted. */
  get newest(): Map<number, string | null> {
    return new Map([...this.heard].map(([id, { name, deleted }]) => [id, deleted ? null : name]));
  }

  load(records: readonly ItemRecord[]): Partial<Counts> {
    const counts = { read: records.length, inserted: 0, updated: 0, unchanged: 0, superseded: 0, deleted: 0, deduplicated: 0 };
    for (const record of records) {
      const before = this.heard.get(record.id);
      if (before === undefined || record.updated_at >= before.updated_at) this.heard.set(record.id, record);
    }
    for (const id of new Set(records.map((record) => record.id))) {
      const mine = records.filter((record) => record.id === id);
      const fresh = byCursor(mine);
      counts.deduplicated += mine.length - fresh.size;
      const before = this.histories.get(id) ?? [];
      const points = new Map(pointsOf(before).map((point) => [point.at, point]));
      const known = new Map(points);
      for (const { updated_at: at, name, deleted } of fresh.values()) points.set(at, { at, name: deleted ? null : name });
      const islands = islandsOf([...points.values()].sort((a, b) => (a.at < b.at ? -1 : 1)));
      this.histories.set(id, versionsOf(id, islands));
      for (const { updated_at: at, name, deleted } of fresh.values()) {
        const holder = before.find((version) => version.name !== null && version.from <= at && at <= version.seen);
        if (deleted) {
          if (known.get(at)?.name === null) counts.unchanged += 1;
          else counts.deleted += 1;
        } else if (holder?.name === name) counts.unchanged += 1;
        else {
          const island = islands.find(({ points: members }) => members.some((point) => point.at === at));
          const isFirst = island?.points[0]?.at === at;
          const allFresh = island?.points.every((point) => fresh.has(point.at)) === true;
          const replaces = before.some((version) => version.name !== null && version.from === at);
          if (isFirst && allFresh && !replaces) counts.inserted += 1;
          else counts.updated += 1;
        }
      }
    }
    return counts;
  }
}

function pointsOf(versions: readonly Version[]): Point[] {
  return versions.flatMap(({ name, from, seen, to }): Point[] => {
    const ended = to !== null && !versions.some((other) => other.name !== null && other.from === to);
    return [
      ...(name === null ? [] : [{ at: from, name }, ...(seen > from ? [{ at: seen, name }] : [])]),
      ...(ended ? [{ at: to, name: null }] : []),
    ];
  });
}

function islandsOf(points: readonly Point[]): { name: string | null; points: Point[] }[] {
  const islands: { name: string | null; points: Point[] }[] = [];
  for (const point of points) {
    const last = islands.at(-1);
    if (last !== undefined && last.name === point.name) last.points.push(point);
    else islands.push({ name: point.name, points: [point] });
  }
  return islands;
}

function versionsOf(id: number, islands: ReturnType<typeof islandsOf>): Version[] {
  return islands.flatMap(({ name, points }, index): Version[] => {
    const [first, last] = [points[0]?.at ?? '', points.at(-1)?.at ?? ''];
    const to = islands[index + 1]?.points[0]?.at ?? null;
    if (name !== null) return [{ id, name, seen: last, from: first, to, current: to === null }];
    return index === 0 || last > first ? [{ id, name: null, seen: last, from: last, to: last, current: false }] : [];
  });
}
