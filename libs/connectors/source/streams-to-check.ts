import { SluiceError } from '../../errors/index.js';
import type { CheckModel } from './check.component.js';
import type { OpenedStreams } from './opened-streams.js';
import type { StreamModel } from './stream-model.js';

/** The streams that a check reads from. Errors: UNKNOWN_STREAM, and those of the source where it tells its streams. */
export async function streamsToCheck(check: CheckModel, opened: OpenedStreams): Promise<StreamModel[]> {
  const chosen: StreamModel[] = [];
  for (const name of check.streams) chosen.push(await opened.find(name));
  if (check.first !== null) chosen.push(...(await opened.all()).streams.slice(0, check.first));
  for (const { name, count } of check.generated) {
    const generated = await opened.generatedBy(name);
    if (generated.length === 0)
      throw new SluiceError('UNKNOWN_STREAM', {
        detail: `the dynamic stream "${name}" has no streams`,
        details: { stream: name },
      });
    chosen.push(...generated.slice(0, count ?? generated.length));
  }
  return chosen;
}
