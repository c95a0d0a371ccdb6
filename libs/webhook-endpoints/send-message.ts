import { saidWait } from '../contracts/said-wait.js';
import type { Egress, EgressAllowList } from '../egress/index.js';
import { SluiceError, toSluiceError } from '../errors/index.js';
import type { SecretBox } from '../secrets/index.js';
import type { ClaimedDelivery, EndpointTry } from '../store/index.js';
import { secretsThatHold } from '../webhooks/index.js';
import { openEndpoint } from './endpoint-secrets.js';
import { endpointUrlProblem } from './endpoint-url.js';
import type { TryOutcome } from './retry.policy.js';
import { signMessage } from './sign-message.js';

export interface SenderPorts {
  secrets: SecretBox;
  egress: Pick<Egress, 'client'>;
  allow: EgressAllowList;
}

/** Of a whole call, as Standard Webhooks recommends. */
export const TIMEOUT_MS = 15_000;
/** Answers are not looked at; whoever sends more than this is cut off. */
const MOST_ANSWER_BYTES = 16 * 1024;
/** More calls than the endpoint bears are not kept waiting: they come back later. */
const LONGEST_HELD_MS = 1_000;

/** `held`: it was not sent, since the endpoint had asked for a pause; until when (ms since the epoch). */
export type Sent = { kind: 'tried'; made: EndpointTry; outcome: TryOutcome } | { kind: 'held'; until: number };

/** Sends one message, once. Throws the signal's reason where it was aborted from outside. */
export async function sendMessage(
  { secrets, egress, allow }: SenderPorts,
  delivery: ClaimedDelivery,
  { signal }: { signal: AbortSignal },
): Promise<Sent> {
  const { id, endpointId, workspaceId, type, data, createdAt, attempts } = delivery;
  const begun = performance.now();
  const at = new Date().toISOString();
  const tried = (status: number | null, error: string | null, retryAfter: number | null = null): Sent => ({
    kind: 'tried',
    made: { at, status, error, latency_ms: Math.round(performance.now() - begun) },
    outcome: { status, retryAfterMs: retryAfter },
  });
  const timeout = new AbortController();
  const late = (): void => timeout.abort(new SluiceError('SOURCE_TIMEOUT', { detail: 'the endpoint did not answer in time' }));
  const timer = setTimeout(late, TIMEOUT_MS);
  try {
    const opened = openEndpoint(secrets, { id: endpointId, workspaceId, sealed: delivery.sealed });
    if (endpointUrlProblem(opened.url, allow) !== null) return tried(null, 'EGRESS_REFUSED');
    const now = Date.now();
    const { headers, body } = signMessage({ id, type, at: createdAt, data }, secretsThatHold(opened, now), now);
    const name = `webhook-endpoint:${endpointId}`;
    const http = egress.client({
      account: { workspaceId, host: new URL(opened.url).host, account: name, limits: [] },
      class: 'interactive',
      caller: { workspaceId, connectionId: endpointId, connector: 'webhook-endpoint' },
      maxWaitMs: LONGEST_HELD_MS,
      circuits: false,
    });
    const answer = await http.send({
      ...{ method: 'POST', url: opened.url, body, attempt: attempts, redirects: 'answer' },
      headers: { ...headers, 'accept-encoding': 'identity' },
      ...{ timeoutMs: TIMEOUT_MS, maxBytes: MOST_ANSWER_BYTES, piecesAbove: MOST_ANSWER_BYTES },
      signal: AbortSignal.any([signal, timeout.signal]),
      operation: { kind: 'webhook', name: type },
    });
    answer.pieces?.discard();
    const asked = answer.headers['retry-after'];
    return tried(answer.status, null, saidWait(typeof asked === 'string' ? asked.trim() : undefined, Date.now()));
  } catch (error) {
    signal.throwIfAborted();
    const { code, retryAt } = toSluiceError(error);
    if (code === 'RATE_LIMITED') return { kind: 'held', until: retryAt ?? Date.now() + LONGEST_HELD_MS };
    return tried(null, code);
  } finally {
    clearTimeout(timer);
  }
}
