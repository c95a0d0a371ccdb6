import type { ActionRunSummary, ActionRunView } from '../../../libs/contracts/action.schema.js';
import { RestError } from '../rest-client.js';
import type { Claim, Scenario, ScenarioWorld } from './scenario.js';
import { endedRuns, until } from './wait.js';

type Entry = Record<string, unknown>;
/** The payment provider declines what is more than 10,000. */
const DECLINED = 10_001;
const TOTALS = [19.9, 35, 7.25, DECLINED, 120, 64.5, 8.99, 250];

export const checkout: Scenario = {
  title: 'Checkout: a sale in the shop → charged at the payment provider → the shop knows',
  async play(world) {
    const { rest, systems, flows, say } = world;
    const badInput = await refusesBadInput(world);
    // The first payment is made and never answered: whoever waits for its answer is killed.
    await systems.call('PUT', '/shop/_admin/faults', [{ kind: 'hang', match: { pathPrefix: '/payments' }, times: 1 }]);
    const sales = await Promise.all(TOTALS.map((total) => systems.sell(total)));
    say(`${sales.length} sales are placed; the shop's webhook of each comes twice, as providers do`);
    await until('a payment that is not answered', async () => {
      const [fault] = (await systems.call('GET', '/shop/_admin/faults')) as unknown as { injected: number }[];
      return fault?.injected === 1 ? true : undefined;
    });
    say(`kill -9 of ${await world.killCallers()}, between a call and its answer; others are started`);
    const placed = (await systems.list('/shop/sales')).length;
    const runs = await endedRuns(rest, flows.checkout, placed);
    await endedRuns(rest, flows['sale-to-books'], placed);
    const claims = [
      badInput,
      ...saleClaims(sales, await systems.list('/shop/sales'), await systems.list('/payments')),
      await webhooksAreOneEvent(world, sales.length),
      await killedCallWasMadeOnce(world),
    ];
    return { claims, workflows: runs.slice(0, 1).map(({ workflow_id: id }) => id) };
  },
};

function saleClaims(sales: readonly Entry[], after: readonly Entry[], payments: readonly Entry[]): Claim[] {
  const isPaid = ({ id, total }: Entry): boolean => {
    const own = payments.filter(({ reference }) => reference === id);
    const now = after.find((sale) => sale['id'] === id);
    return own.length === 1 && own[0]?.['amount'] === total && now?.['status'] === 'paid' && now['payment_id'] === own[0]?.['id'];
  };
  const isCancelled = ({ id }: Entry): boolean =>
    !payments.some(({ reference }) => reference === id) && after.find((sale) => sale['id'] === id)?.['status'] === 'cancelled';
  const paid = sales.filter(({ total }) => total !== DECLINED);
  return [
    { says: `${paid.length} sales are paid, each by one payment of its total`, right: paid.every(isPaid) },
    {
      says: `the one of ${DECLINED} EUR was declined: not charged, and cancelled in the shop`,
      right: sales.filter(({ total }) => total === DECLINED).every(isCancelled),
    },
  ];
}

async function webhooksAreOneEvent({ rest, systems }: ScenarioWorld, sales: number): Promise<Claim> {
  const hooks = (await systems.call('GET', '/shop/_admin/webhooks')) as unknown as { types: string[]; delivered: number }[];
  const sent = hooks.find(({ types }) => types.includes('sale.placed'))?.delivered ?? 0;
  const query = `type=sale.placed&connection_id=${systems.connections.shop}&limit=100`;
  const { data } = await rest.get<{ data: { state: string }[] }>(`/v1/events?${query}`);
  const placed = (await systems.list('/shop/sales')).length;
  return {
    says: `${sent} webhooks of the shop were acknowledged; each of the ${sales} sales is one event`,
    right: sent >= 2 * placed && data.length === placed && data.every(({ state }) => state === 'succeeded'),
  };
}

/** Which calls were tried more than once, and what the ledger says of them. */
async function killedCallWasMadeOnce({ rest, systems }: ScenarioWorld): Promise<Claim> {
  const query = `connection_id=${systems.connections.payments}&action=create_payment&limit=100`;
  const { data } = await rest.get<{ data: ActionRunSummary[] }>(`/v1/action-runs?${query}`);
  const calls = await Promise.all(data.map(({ id }) => rest.get<ActionRunView>(`/v1/action-runs/${id}`)));
  const again = calls.filter(({ effects }) => effects.length > 1);
  const call = again.find(({ state }) => state === 'succeeded');
  const payment = (call?.result ?? {}) as { id?: string };
  const ledger = (call?.effects ?? []).map(({ state }) => state).join(', then ');
  // One that was declined may have been under way too.
  const known = again.every(({ state, error }) => state === 'succeeded' || error?.code === 'ACTION_REFUSED');
  return {
    says: `the payment under way at the kill (${payment.id ?? 'none'}) was sent again with its key, and made once; the ledger of its tries: ${ledger}`,
    right: call !== undefined && known,
  };
}

async function refusesBadInput({ rest, systems }: ScenarioWorld): Promise<Claim> {
  const path = `/v1/connections/${systems.connections.payments}/actions/create_payment`;
  const problem = await rest.post(path, { input: { reference: 'bad input', amount: '5' } }).then(
    () => null,
    (error: unknown) => {
      if (error instanceof RestError) return error;
      throw error;
    },
  );
  const errors = (problem?.problem['errors'] ?? []) as { path: string; message: string }[];
  const made = (await systems.list('/payments')).some(({ reference }) => reference === 'bad input');
  return {
    says: `a call with bad input is refused: ${problem?.status ?? 'no'} ${String(problem?.problem['code'])}; ${errors.map(({ path: at, message }) => `${at} ${message}`).join('; ')}`,
    right: problem?.status === 422 && errors.length === 2 && !made,
  };
}
