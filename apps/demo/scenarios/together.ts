import type { RunView } from '../../../libs/contracts/run.schema.js';
import { cents } from './demo-systems.js';
import type { Scenario } from './scenario.js';
import { endedRuns, until } from './wait.js';

const SALES = 5;
const EVERY_SECONDS = 10;

export const together: Scenario = {
  title: 'Both together: each sale at once to accounting and CRM; a scheduled sync gathers the same sales in the warehouse',
  async play({ rest, systems, flows, warehouse, say }) {
    await Promise.all(Array.from({ length: SALES }, (_, n) => systems.sell(100 + n / 100)));
    const placed = await systems.list('/shop/sales');
    say(`${SALES} more sales are placed: ${placed.length} in all`);
    const streamed = await endedRuns(rest, flows['sale-to-books'], placed.length);
    await endedRuns(rest, flows.checkout, placed.length);
    const changed = new Date();
    const table = `sales_${changed.toISOString().replace(/\D/g, '')}`;
    const sync = await rest.post<{ id: string }>('/v1/syncs', {
      ...{ name: table, source_id: systems.connections.shop, destination_id: warehouse.connection },
      streams: [{ name: 'sales', mode: 'incremental_upsert', table }],
      schedule: { interval_seconds: EVERY_SECONDS },
    });
    say(`the same connection is synced to the warehouse every ${EVERY_SECONDS} s, by its schedule`);
    const run = await until('a scheduled run that has succeeded', async () => {
      const { data } = await rest.get<{ data: RunView[] }>(`/v1/runs?sync=${sync.id}&state=succeeded`);
      return data.find(({ trigger }) => trigger === 'schedule');
    });
    // Nobody needs more of them, and a later demo of this home shall not begin with this one's.
    await rest.request('PATCH', `/v1/syncs/${sync.id}`, { schedule: null });
    const [entries, purchases] = [await systems.list('/accounting/entries'), await systems.list('/crm/purchases')];
    const [row] = await warehouse.query(`SELECT count(*)::int AS sales, sum(total)::text AS revenue FROM public.${table}`);
    const [books, history, gathered] = [cents(entries, 'amount'), cents(purchases, 'amount'), cents([row ?? {}], 'revenue')];
    const counts = [entries.length, purchases.length, Number(row?.['sales'])];
    const euros = (sum: number) => (sum / 100).toFixed(2);
    const claims = [
      {
        says: `sales: ${placed.length} in the shop, ${counts[0]} booked, ${counts[1]} in the customers' histories, ${counts[2]} in the warehouse`,
        right: counts.every((count) => count === placed.length),
      },
      {
        says: `revenue in EUR: ${euros(cents(placed, 'total'))} in the shop, ${euros(books)} and ${euros(history)} streamed, ${euros(gathered)} in the warehouse`,
        right: [books, history, gathered].every((sum) => sum === cents(placed, 'total')),
      },
    ];
    return { claims, workflows: [...streamed.slice(0, 1).map(({ workflow_id: id }) => id), run.workflow_id] };
  },
};
