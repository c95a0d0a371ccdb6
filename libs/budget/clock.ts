import { pause } from '../pause/index.js';

/** Time and chance, passed in so that tests can hold them. */
export interface GateClock {
  /** Monotonic, in ms. */
  nowMs(): number;
  /** The wall clock in ms since the epoch: only for times that people and other systems read. */
  wallMs(): number;
  /** Resolves after `ms`, or rejects with the signal's reason. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** [0, 1). */
  random(): number;
}

export const systemClock: GateClock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  random: () => Math.random(),
  sleep: pause,
};
