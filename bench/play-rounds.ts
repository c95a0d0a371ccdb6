import type { BenchCase } from './cases/bench-case.js';
import type { Measurement } from './results.js';
import type { Warehouse } from './warehouse.js';

/** Interleaved, so that what disturbs the machine for a while disturbs all of them. */
export async function playRounds(request: {
  cases: readonly BenchCase[];
  rounds: number;
  warehouse: Warehouse;
  say: (line: string) => void;
}): Promise<Map<string, Measurement[]>> {
  const { cases, rounds, warehouse, say } = request;
  const measured = new Map<string, Measurement[]>(cases.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const contestant of cases) {
      await contestant.prepare?.();
      await warehouse.clear(contestant);
      const measurement = await contestant.run();
      await warehouse.verify(contestant);
      measured.get(contestant.name)?.push(measurement);
      const rate = Math.round(measurement.rows / measurement.seconds).toLocaleString('en-US');
      say(
        `round ${round}/${rounds}  ${contestant.name.padEnd(20)} ${rate.padStart(9)} rows/s  ${measurement.seconds.toFixed(1)} s`,
      );
    }
  }
  return measured;
}
