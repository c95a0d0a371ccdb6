import type { Claim, Scenario, ScenarioWorld } from './scenario.js';
import { endedRuns } from './wait.js';

const PERSON = { email: 'ann@example.com', currency: 'EUR', starts_on: '2026-12-01' };

export const hiring: Scenario = {
  title: 'Hiring: an employee is added in HR (webhook) → a call to payroll',
  async play(world) {
    const { rest, systems, flows, say } = world;
    const forged = await refusesForgedWebhook(world);
    const ann = await systems.call('POST', '/hr/employees', { ...PERSON, name: 'Ann', salary: 50_000 });
    await systems.call('POST', '/hr/employees', { ...PERSON, name: 'Bob', salary: 0 });
    say('Ann is hired for 50,000 EUR a year, and Bob for nothing');
    const runs = await endedRuns(rest, flows['employee-to-payroll'], 2);
    const paid = await systems.list('/payroll/employees');
    const claims: Claim[] = [
      forged,
      {
        says: `Ann is on the payroll from ${PERSON.starts_on} on with ${String(paid[0]?.['monthly_pay'])} EUR a month; Bob is not`,
        right: paid.length === 1 && paid[0]?.['id'] === ann['id'] && paid[0]?.['monthly_pay'] === 4_166.67,
      },
      {
        says: `the flow ran for Ann, and was skipped for Bob by its condition`,
        right:
          runs
            .map(({ state }) => state)
            .sort()
            .join() === 'skipped,succeeded',
      },
    ];
    return { claims, workflows: runs.filter(({ state }) => state === 'succeeded').map(({ workflow_id: id }) => id) };
  },
};

/** Somebody who does not know the secret says that Eve was hired. */
async function refusesForgedWebhook({ systems, rest }: ScenarioWorld): Promise<Claim> {
  const answer = await fetch(systems.hooks.hr ?? '', {
    method: 'POST',
    headers: {
      ...{ 'content-type': 'application/json', 'x-github-event': 'employee.added', 'x-github-delivery': 'forged' },
      'x-hub-signature-256': `sha256=${'0'.repeat(64)}`,
    },
    body: JSON.stringify({ type: 'employee.added', data: { ...PERSON, id: 'eve', name: 'Eve', salary: 1_000_000 } }),
  });
  const { code } = (await answer.json()) as { code?: string };
  const events = await rest.get<{ data: unknown[] }>(`/v1/events?connection_id=${systems.connections.hr}`);
  return {
    says: `a webhook with a forged signature is refused: ${answer.status} ${String(code)}; nothing is stored of it`,
    right: answer.status === 401 && code === 'SIGNATURE_INVALID' && events.data.length === 0,
  };
}
