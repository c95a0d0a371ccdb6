import { RelayLoop, type RelayLog } from '../relay/index.js';
import {
  claimEndpointDeliveries,
  recordEndpointTry,
  releaseEndpointDelivery,
  type ClaimedDelivery,
  type Pool,
} from '../store/index.js';
import { afterTry } from './retry.policy.js';
import { sendMessage, TIMEOUT_MS, type SenderPorts } from './send-message.js';

export interface EndpointRelayOptions extends SenderPorts {
  pool: Pool;
  /** Told once when the store cannot be used, and once when it can be again. */
  log: RelayLog;
}

/** In one process: more than a workspace has endpoints, so that there is room where every one of them hangs. */
const AT_ONCE = 128;
/** To one endpoint; a failing one gets one at a time. */
const OF_ONE = 8;
const OF_FAILING = 1;
/** What a relay that died had taken is due again then. Longer than a call and what is written about it take. */
const LEASE_MS = TIMEOUT_MS + 10_000;
const LOOK_EVERY_MS = 1_000;
/** What is under way when the process ends may be answered still; orchestrators kill after ten seconds. */
const DRAIN_MS = 5_000;

/**
 * Sends what webhook endpoints are to be told. Every worker has one, and each takes what others had when they die; then a message comes twice, with one id.
 */
export class EndpointRelay {
  private readonly underWay = new Map<string, number>();
  private readonly sending = new Set<Promise<void>>();
  private readonly cutOff = new AbortController();
  private readonly loop: RelayLoop;

  constructor(private readonly options: EndpointRelayOptions) {
    const words = { trouble: 'webhook endpoints are not told now', over: 'webhook endpoints are told again' };
    this.loop = new RelayLoop({ pass: () => this.pass(), everyMs: LOOK_EVERY_MS, log: options.log, words });
  }

  start(): void {
    this.loop.start();
  }

  /** Resolves when nothing is under way any more; what took too long is sent again by another. */
  async stop(): Promise<void> {
    await this.loop.stop();
    const timer = setTimeout(() => this.cutOff.abort(new Error('the process ends')), DRAIN_MS);
    await Promise.all(this.sending);
    clearTimeout(timer);
  }

  /** Takes what is due, and leaves the sending to itself. */
  private async pass(): Promise<boolean> {
    const limit = AT_ONCE - this.sending.size;
    if (limit === 0) return false;
    const busy = Object.fromEntries(this.underWay);
    const claim = { limit, leaseMs: LEASE_MS, atOnce: OF_ONE, whenFailing: OF_FAILING, busy };
    const claimed = await claimEndpointDeliveries(this.options.pool, claim);
    this.loop.settle(undefined);
    for (const delivery of claimed) this.begin(delivery);
    return claimed.length > 0;
  }

  private begin(delivery: ClaimedDelivery): void {
    const { endpointId } = delivery;
    this.underWay.set(endpointId, (this.underWay.get(endpointId) ?? 0) + 1);
    const sent = this.send(delivery).finally(() => {
      const left = (this.underWay.get(endpointId) ?? 1) - 1;
      if (left > 0) this.underWay.set(endpointId, left);
      else this.underWay.delete(endpointId);
      this.sending.delete(sent);
      this.loop.ring(); // there is room for more
    });
    this.sending.add(sent);
  }

  /** Never rejects: what could not be written down is due again when its lease has run out. */
  private async send(delivery: ClaimedDelivery): Promise<void> {
    const { pool } = this.options;
    try {
      const sent = await sendMessage(this.options, delivery, { signal: this.cutOff.signal });
      if (sent.kind === 'held')
        await releaseEndpointDelivery(pool, { ...delivery, inMs: Math.max(LOOK_EVERY_MS, sent.until - Date.now()) });
      else
        await recordEndpointTry(pool, {
          ...delivery,
          made: sent.made,
          after: afterTry(sent.outcome, delivery.attempts, Math.random()),
        });
    } catch (error) {
      if (!this.cutOff.signal.aborted) this.loop.settle(error);
    }
  }
}
