import type { SourceStates } from '../../../libs/contracts/source.port.js';
import type { StateChange } from '../../../libs/contracts/stream-states.port.js';
import type { StreamState } from '../../../libs/contracts/stream.js';

/** Shows a stream's state as Airbyte writes it. Not typed by the schema: its numbers may be BigInts and Decimals (stringifyJson). */
export function airbyteState(name: string, state: StreamState, states: SourceStates | undefined): unknown {
  if (state === null) return null;
  const shown = states === undefined ? state : states.show(state);
  return { type: 'STREAM', stream: { stream_descriptor: { name }, stream_state: shown } };
}

/** `change` undefined: the stream was never loaded. */
export function changeView(name: string, change: StateChange | undefined, states: SourceStates | undefined) {
  return {
    version: change?.version ?? 0,
    changed_at: change?.at.toISOString() ?? null,
    origin: change?.origin ?? null,
    run_id: change?.runId ?? null,
    state: airbyteState(name, change?.state ?? null, states),
  };
}
