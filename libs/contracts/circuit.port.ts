/** How a call ended, as far as it tells whether its host works. `unknown`: it was not sent, or given up. */
export type CircuitOutcome = 'fine' | 'broken' | 'unknown';

/** Leave to send one call. */
export interface CircuitPass {
  /** The circuit has opened since: the call must not be sent. */
  readonly stale: boolean;
  /** To be called once, when the call is over or will not be sent. */
  settle(outcome: CircuitOutcome): void;
}

export interface CircuitRequest {
  workspaceId: string;
  account: string;
  host: string;
  maxWaitMs: number;
  signal: AbortSignal;
}

/** Keeps calls away from hosts that do not work, for all processes together. */
export interface CircuitBreakers {
  /** Waits while the circuit is open, no longer than `maxWaitMs`. Errors: PROVIDER_UNAVAILABLE with `retryAt`, the signal's reason. */
  enter(request: CircuitRequest): Promise<CircuitPass>;
}
