import { createHash } from 'node:crypto';
import type { FlowCallKind } from '../../store/index.js';
import { uuidOf } from '../../uuid/index.js';

interface CallKey {
  flowRunId: string;
  step: string;
  kind: FlowCallKind;
  item: number;
}

/** The key by which a call of a flow is made once. Pure. */
export const callKey = ({ flowRunId, step, kind, item }: CallKey): string =>
  `flow-run/${flowRunId}/${step}/${item}${kind === 'undo' ? '/undo' : ''}`;

/** The id of its action run, made of the key (RFC 9562, version 8): whoever asks, and however often, it is the same run. Pure. */
export function callId(key: CallKey): string {
  return uuidOf(8, createHash('sha256').update(callKey(key)).digest().subarray(0, 16));
}
