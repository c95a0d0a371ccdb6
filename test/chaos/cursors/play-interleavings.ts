import { randomFrom } from '../random.js';
import { interleaving } from './interleaving.js';
import { Lane } from './lane.js';

/** They mostly wait for the server and for time to pass. */
const LANES = 8;

export interface PlayedAll {
  interleavings: number;
  rows: number;
  missed: { interleaving: number; id: number }[];
  missedByGreatest: number;
}

/** Plays so many generated interleavings; each follows from the seed and its number. `database`: makes an empty one, and returns its URL. */
export async function playInterleavings(
  { count, seed }: { count: number; seed: number },
  database: () => Promise<string>,
  onProgress: (played: number) => void = () => undefined,
): Promise<PlayedAll> {
  const all: PlayedAll = { interleavings: 0, rows: 0, missed: [], missedByGreatest: 0 };
  const lanes: Lane[] = [];
  while (lanes.length < Math.min(LANES, count)) lanes.push(await Lane.open(await database()));
  let next = 0;
  const work = async (lane: Lane): Promise<void> => {
    while (next < count) {
      const number = (next += 1);
      const played = await lane.play(number, interleaving(randomFrom(seed * 100_003 + number)));
      all.interleavings += 1;
      all.rows += played.rows;
      all.missedByGreatest += played.missedByGreatest;
      all.missed.push(...played.missed.map((id) => ({ interleaving: number, id })));
      onProgress(all.interleavings);
    }
  };
  try {
    await Promise.all(lanes.map(work));
  } finally {
    await Promise.all(lanes.map((lane) => lane.close()));
  }
  return all;
}
