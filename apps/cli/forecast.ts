import type { SyncForecastView } from '../../libs/contracts/sync-forecast.schema.js';
import { ApiClient } from './api-client.js';

export interface ForecastOptions {
  json?: boolean;
  url?: string;
}

const EXCLUDED: Record<SyncForecastView['excludes'][number], string> = {
  destination_calls: 'calls that rows become at the destination are not counted',
  policy_limits: 'limits of the manifest’s policies are not in the time',
};

/** Says what a run of the sync would take that began now, and on what that is founded. */
export async function forecast(sync: string, options: ForecastOptions, print: (line: string) => void): Promise<void> {
  const api = ApiClient.fromEnvironment(options.url);
  const seen = await api.call<SyncForecastView>('GET', `/v1/syncs/${encodeURIComponent(sync)}/forecast`);
  if (options.json === true) print(JSON.stringify(seen, null, 2));
  else for (const line of linesOf(seen)) print(line);
}

/** Pure. */
export function* linesOf(seen: SyncForecastView): Generator<string> {
  const { seconds, finishes_at: end, pace, budget, runs } = seen;
  yield `calls: ${callsOf(seen)}`;
  const why = pace === 'budget' ? 'by the budget' : 'as earlier runs took';
  yield seconds === null ? 'time: unknown' : `time: ${seconds} s (${why}), until ${String(end)} if it began now`;
  if (runs.length > 0) yield `founded on ${runs.length} runs that did the same, the latest of ${runs[0]?.finished_at ?? ''}`;
  else yield 'no earlier run did the same';
  for (const stream of seen.streams)
    yield `  ${stream.stream}${stream.loads_anew ? ' (from the beginning)' : ''}: ${callsOf(stream)}${stream.runs > 0 ? `, by ${stream.runs} runs` : ''}`;
  yield* budgetLines(budget);
  for (const excluded of seen.excludes) yield EXCLUDED[excluded];
  if (seen.active_run_id !== null) yield `the run ${seen.active_run_id} is not over: another one begins after it`;
}

function* budgetLines(budget: SyncForecastView['budget']): Generator<string> {
  const { host, limits, calls_per_second: rate, calls_at_once: now, shared_with: others } = budget;
  if (limits.length === 0) yield `budget of ${host}: no limits are declared`;
  for (const { kind, name, used, allowed } of limits) yield `budget of ${host}: ${kind} ${name}: ${used} of ${allowed} used`;
  if (limits.length > 0) yield `  ${now ?? 0} calls at once${rate === null ? '' : `, then ${rate} a second`}`;
  if (others.length > 0) yield `  shared with ${others.length} runs of other syncs, by weight`;
  if (budget.blocked_until !== null) yield `  blocked until ${budget.blocked_until}`;
}

type Calls = Pick<SyncForecastView, 'calls' | 'calls_least' | 'calls_most'>;
const callsOf = ({ calls, calls_least: least, calls_most: most }: Calls): string =>
  calls === null ? 'unknown' : least === most ? String(calls) : `${calls} (${least ?? ''} to ${most ?? ''})`;
