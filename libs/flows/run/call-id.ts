import { createHash } from 'node:crypto';
import type { FlowCallKind } from '../../store/index.js';

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
  const bytes = createHash('sha256').update(callKey(key)).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
