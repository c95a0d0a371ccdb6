import type { Counts, Destination, SliceWriter, StreamRef } from '../../libs/contracts/destination.port.js';
import { commitChunk, page, slice, type TestStream } from './destination-world.js';
import { asSource, type ItemRecord, type Step } from './models/item-record.js';

/**
 * Plays generated steps as chunks of one slice a run, with writers that die and successors that read again.
 * @param load what the model makes of a chunk; called once for each time that the chunk is committed
 * @returns the ledger's sums over all runs
 */
export async function play(
  connect: () => Destination,
  stream: TestStream,
  steps: readonly Step[],
  load: (records: readonly ItemRecord[]) => void,
): Promise<Counts[]> {
  const { target } = stream;
  const counts: Counts[] = [];
  const destination = connect();
  let ref: StreamRef = stream.nextRun();
  let fence = 0;
  const open = async (on: Destination): Promise<SliceWriter> => on.open({ ref, target, slice: slice(), fence: (fence += 1) });
  await destination.prepare({ ref, target });
  let writer = await open(destination);
  const endRun = async (): Promise<void> => {
    await writer.complete(null, () => null);
    await writer.close();
    await destination.finish({ ref, target });
    counts.push(await destination.inspect({ ref }));
  };
  const nextRun = async (): Promise<void> => {
    await endRun();
    ref = stream.nextRun();
    fence = 0;
    await destination.prepare({ ref, target });
    writer = await open(destination);
  };
  for (const [after, { records, fate }] of steps.entries()) {
    if (fate === 'lost') {
      await writer.write(page(asSource(records)));
      await writer.close();
      writer = await open(connect());
    }
    await commitChunk(writer, asSource(records), { after });
    load(records);
    if (fate === 'next run' || fate === 'again') await nextRun();
    if (fate === 'again') {
      await commitChunk(writer, asSource(records), { after });
      load(records);
    }
  }
  await endRun();
  return counts;
}
