import type { ServiceCommand, ServiceProcess } from './service-process.js';

/** How to start one service of the stack, and how to know that it works. */
export interface Service {
  readonly name: string;
  readonly readyWithinMs: number;
  /** Asked anew at each start: ports may have been taken meanwhile. */
  command(): Promise<ServiceCommand>;
  /** Resolves with its address (empty for none) when it answers; must give up when `signal` aborts. */
  ready(process: ServiceProcess, signal: AbortSignal): Promise<string>;
  /** Is this failed start worth another one? Given its error, last lines of the log included. Default: no. */
  worthRetrying?(error: Error): boolean;
}

/** Tries until it works or `signal` aborts; the last error becomes the abort's cause. */
export async function untilItWorks<T>(attempt: () => Promise<T>, signal: AbortSignal, everyMs = 100): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
}
