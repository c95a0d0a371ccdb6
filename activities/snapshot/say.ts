import { addRunStreamWarnings, appendRunLog, type Pool, type RunLogEntry } from '../../libs/store/index.js';

/** Says it in the run's log, and as a warning of the stream. */
export async function sayOfSnapshot(
  pool: Pool,
  { runId, stream }: { runId: string; stream: string },
  { code, message, details }: Pick<RunLogEntry, 'code' | 'message' | 'details'>,
): Promise<void> {
  await addRunStreamWarnings(pool, { runId, stream, warnings: [message] });
  await appendRunLog(pool, { runId, level: 'warn', code, stream, message: `${stream}: ${message}`, ...(details && { details }) });
}
