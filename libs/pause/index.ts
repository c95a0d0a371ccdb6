import { setTimeout as delay } from 'node:timers/promises';

/** Waits; an abort ends it by throwing the signal's own reason. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
