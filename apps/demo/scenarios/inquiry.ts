import type { Scenario } from './scenario.js';
import { endedRuns } from './wait.js';

export const inquiry: Scenario = {
  title: 'Inquiry: a question in the CRM → a ticket at the help desk → the CRM knows which',
  async play({ rest, systems, flows, say }) {
    const message = 'It "was" to {{ come }} on Monday.';
    const asked = await systems.call('POST', '/crm/inquiries', {
      ...{ email: 'ann@example.com', subject: 'Where is my cup?', message },
    });
    say(`ann@example.com asks: ${String(asked['subject'])}`);
    const runs = await endedRuns(rest, flows['inquiry-to-ticket'], 1);
    const tickets = (await systems.list('/support/tickets')).filter(({ external_id: id }) => id === asked['id']);
    const [ticket] = tickets;
    const known = (await systems.list('/crm/inquiries')).find(({ id }) => id === asked['id']);
    const workflows = runs.map(({ workflow_id: id }) => id);
    const claims = [
      {
        says: `one ticket, ${String(ticket?.['id'])}, says what she asked`,
        right: tickets.length === 1 && ticket?.['subject'] === asked['subject'] && ticket?.['body'] === message,
      },
      {
        says: `inquiry ${String(asked['id'])} in the CRM names ${String(known?.['ticket_id'])}`,
        right: ticket !== undefined && known?.['ticket_id'] === ticket['id'],
      },
    ];
    return { claims, workflows };
  },
};
