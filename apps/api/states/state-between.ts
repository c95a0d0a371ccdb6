import type { SourceStates } from '../../../libs/contracts/source.port.js';
import type { StreamState } from '../../../libs/contracts/stream.js';
import { SluiceError } from '../../../libs/errors/index.js';

/** Errors: STATE_NOT_POSSIBLE, and the source's own. */
export async function stateBetween(
  states: SourceStates | undefined,
  request: { stream: string; from: string; to: string | null },
): Promise<StreamState> {
  if (states === undefined)
    throw new SluiceError('STATE_NOT_POSSIBLE', {
      detail: 'this source does not make states',
      details: { stream: request.stream },
    });
  return states.between(request);
}
