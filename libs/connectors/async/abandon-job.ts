import type { Abandoned } from '../../contracts/source.port.js';
import type { Position } from '../../contracts/stream.js';
import type { Environment, SliceSpec } from '../source/environment.js';
import { wayOf } from '../source/state-delegation.js';
import type { StreamModel } from '../source/stream-model.js';
import { JobCalls } from './job-calls.js';
import type { JobModel } from './job-model.js';
import { formatJobPosition, JOB_BEGINNING, parseJobPosition } from './job-position.js';
import { jobName } from './read-job-slice.js';

/** Whether the manifest says how a job of the stream is ended, or how it is deleted. */
export const canAbandon = (model: StreamModel): boolean =>
  [model, model.afterwards?.stream].some((way) => endable(way?.retriever.job) !== null);

const endable = (job: JobModel | undefined): JobModel | null =>
  job !== undefined && (job.abort !== undefined || job.deletion !== undefined) ? job : null;

/**
 * The job that a slice waits for. null: none is under way, or records were read of it: where they were, a later run reads on. Ending it is
 * what Airbyte's engine does with jobs that it leaves (`abort_requester`), and then, since nobody will read it, the deletion that follows a download
 * there (`delete_requester`).
 */
export function abandonJob(
  stream: StreamModel,
  environment: Environment,
  { slice, position, signal }: { slice: SliceSpec; position: Position; signal: AbortSignal },
): Abandoned | null {
  const model = wayOf(stream, slice);
  const job = endable(model.retriever.job);
  if (job === null) return null;
  const at = parseJobPosition(position);
  if ('end' in at || at.job === null || at.target > 0 || at.within !== null) return null;
  const { job: kept } = at;
  const calls = new JobCalls({ model, job, environment, slice, signal });
  return {
    position: formatJobPosition(JOB_BEGINNING),
    async end() {
      await environment.jobs.slots.free({ job: jobName(model, slice) });
      const creation = await calls.restored(kept);
      try {
        await calls.end(creation);
      } finally {
        await calls.delete(creation);
      }
    },
  };
}
