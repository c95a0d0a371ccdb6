import { FaultInjector } from './faults.js';
import { block, fullBucket, take, type Bucket, type Verdict } from './limits.js';
import { EventSender } from './services/event-sender.js';
import { Services } from './services/services.js';
import { Shop } from './shop.js';
import { Stats } from './stats.js';
import type { Settings, ShopOptions } from './options.js';

/** What the requests of one shop share. */
export class ShopContext {
  readonly shop: Shop;
  readonly stats = new Stats();
  readonly faults = new FaultInjector();
  readonly events = new EventSender();
  readonly services = new Services(this.events);
  settings: Settings;
  private readonly buckets = new Map<string, Bucket>();
  /** When the last row promised so far is due, for the pace. */
  private pacedUntilMs = 0;

  constructor(readonly options: ShopOptions) {
    this.shop = new Shop(options);
    this.settings = options.settings;
  }

  /** A new limit starts with a full bucket. */
  change(settings: Partial<Settings>): void {
    this.settings = { ...this.settings, ...settings };
    this.forgetLimits();
  }

  forgetLimits(): void {
    this.buckets.clear();
    this.pacedUntilMs = 0;
  }

  takeToken(key: string, nowMs: number): Verdict {
    const { bucket, verdict } = take(this.buckets.get(key) ?? fullBucket(this.settings, nowMs), this.settings, nowMs);
    this.buckets.set(key, bucket);
    return verdict;
  }

  blockKey(key: string, nowMs: number, untilMs: number): void {
    this.buckets.set(key, block(this.buckets.get(key) ?? fullBucket(this.settings, nowMs), nowMs, untilMs));
  }

  /** How long an answer with so many rows has to wait: the latency, and its turn at the pace that all requests share. */
  delayMs(rows: number, nowMs: number): number {
    const { pace, latencyMs } = this.settings;
    if (pace <= 0) return latencyMs;
    this.pacedUntilMs = Math.max(this.pacedUntilMs, nowMs) + (rows / pace) * 1000;
    return Math.max(latencyMs, this.pacedUntilMs - nowMs);
  }
}
