import type { Stack } from '../../../libs/stack/index.js';
import { pause } from '../wait.js';

/** What a caller knows of a call at last. */
export type Ending = 'succeeded' | 'outcome_unknown' | 'unanswered' | `strange: ${string}`;

export interface Call {
  connection: string;
  action: string;
  reference: string;
}

const RETRY_MS = 200;
const ANSWER_WITHIN_MS = 40_000;

/** Callers of the actions of one connection, at several API processes. */
export class Caller {
  constructor(
    private readonly stack: Stack,
    private readonly addresses: readonly string[],
  ) {}

  /** Asks with one idempotency key until it is known what became of the call, whatever is being killed. `first`: of the APIs, the one that is asked first. */
  async insist(call: Call, { first, withinMs }: { first: number; withinMs: number }): Promise<Ending> {
    for (const deadline = performance.now() + withinMs, tries = { made: first }; performance.now() < deadline; tries.made++) {
      const answer = await this.ask(call, { api: tries.made });
      if (answer?.status === 200) return 'succeeded';
      if (answer?.code === 'OUTCOME_UNKNOWN') return 'outcome_unknown';
      const goesOn = answer === null || answer.status === 202 || answer.status >= 500 || answer.code === 'IDEMPOTENCY_IN_FLIGHT';
      if (!goesOn) return `strange: ${call.reference} was answered ${answer.status} ${answer.code}`;
      await pause(RETRY_MS);
    }
    return 'unanswered';
  }

  /** One request; null: no answer. */
  async ask(
    { connection, action, reference }: Call,
    { api, wait = 5 }: { api: number; wait?: number },
  ): Promise<{ status: number; code: string; run: string } | null> {
    const address = this.addresses[api % this.addresses.length] ?? '';
    try {
      const answer = await fetch(`${address}/v1/connections/${connection}/actions/${action}`, {
        method: 'POST',
        headers: {
          ...{ authorization: `Bearer ${this.stack.apiKey}`, 'content-type': 'application/json' },
          ...{ 'idempotency-key': reference, prefer: `wait=${wait}` },
        },
        body: JSON.stringify({ input: { reference, amount: 1 } }),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      const body = (await answer.json()) as { id?: string; code?: string };
      return { status: answer.status, code: body.code ?? '', run: body.id ?? '' };
    } catch {
      return null;
    }
  }
}
