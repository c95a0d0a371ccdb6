import { PaymentsApi, type Mishap } from '../../support/actions/payments-api.js';
import type { Random } from '../random.js';

/** The ways to make a payment that tests/support declares: what a provider gives to find out what became of a call. */
export const WAYS = ['pay', 'pay_with_lookup', 'pay_blindly'] as const;
export type Way = (typeof WAYS)[number];

/** What happens to calls beside the kills; a call that hangs is one that is killed between send and answer. */
const MISHAPS: readonly [Mishap | undefined, ...(Mishap | undefined)[]] = [
  ...([undefined, undefined, undefined, 'hang', 'hang', 'hang', 'reset', 'error', 'limit', 'drop'] as const),
];

/** A provider that lets some calls have an accident at their first try, and counts what took effect. */
export class Provider {
  private constructor(private readonly api: PaymentsApi) {}

  static async start(random: Random): Promise<Provider> {
    const api = await PaymentsApi.start();
    const met = new Set<string>();
    api.onPayment = (reference) => {
      if (met.has(reference) || reference.startsWith('raced')) return undefined;
      met.add(reference);
      return random.pick(MISHAPS);
    };
    return new Provider(api);
  }

  get host(): string {
    return this.api.host;
  }

  effects(reference: string): number {
    return this.api.of(reference).length;
  }

  /** Resolves when so many more calls took effect and get no answer. */
  hanging(calls: number): Promise<void> {
    return this.api.hanging(calls);
  }

  close(): Promise<void> {
    return this.api.close();
  }
}
