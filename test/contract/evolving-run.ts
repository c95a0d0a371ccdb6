import type { Destination, StreamRef } from '../../libs/contracts/destination.port.js';
import type { SourceRecord } from '../../libs/contracts/stream.js';
import { toSluiceError } from '../../libs/errors/index.js';
import { page, slice, type TestStream } from './destination-world.js';

/** A run of one slice, a chunk a page, that is read on from the last chunk where the columns changed, as the mover does. Returns how often that was. */
export async function evolvingRun(
  destination: Destination,
  stream: TestStream,
  pages: readonly (readonly SourceRecord[])[],
): Promise<{ ref: StreamRef; reopened: number }> {
  const ref = stream.nextRun();
  const { target } = stream;
  await destination.prepare({ ref, target });
  for (let fence = 1; ; fence += 1) {
    const writer = await destination.open({ ref, target, slice: slice(), fence });
    try {
      const from = (writer.position as { pages: number } | null)?.pages ?? 0;
      for (const [n, records] of pages.entries()) {
        if (n < from) continue;
        await writer.write(page(records, { pages: n + 1 }));
        // Two pages a chunk: what is committed ends before what is not.
        if (n % 2 === 1) await writer.commit({ pages: n + 1 });
      }
      await writer.complete({ pages: pages.length }, () => ({ runs: ref.epoch }));
    } catch (error) {
      if (toSluiceError(error).code !== 'SCHEMA_MOVED' || fence > 50) throw error;
      continue;
    } finally {
      await writer.close();
    }
    await destination.finish({ ref, target });
    return { ref, reopened: fence - 1 };
  }
}
