import { SluiceError } from '../errors/index.js';

/** The slice is a newer writer's: the caller has nothing to say any more. */
export const staleWriter = (
  { stream }: { stream: string },
  { slice, fence }: { slice: { id: string }; fence: number },
): SluiceError => new SluiceError('STALE_WRITER', { detail: `slice ${slice.id}, fence ${fence}`, details: { stream, fence } });
