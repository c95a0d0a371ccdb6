import { expect, it } from '@jest/globals';
import { eventTypes, webhookTriggerErrors } from './webhook-trigger.policy.js';

const naming = (...types: string[]) => ({ events: new Map(types.map((type) => [type, { description: null, schema: null }])) });

it('a type that no webhook of the connector names is refused with those that are', () => {
  const known = { events: eventTypes([naming('order.made'), naming('order.paid')]) };
  expect(webhookTriggerErrors({ connection: 'shop', event: 'order.piad' }, known)).toEqual([
    {
      ...{ path: '/on/webhook/event', found: 'order.piad', allowed: ['order.made', 'order.paid'] },
      message: expect.stringContaining('event.type'),
    },
  ]);
  for (const event of ['order.made', 'order.paid', '*'])
    expect(webhookTriggerErrors({ connection: 'shop', event }, known)).toEqual([]);
});

it('where a webhook names none, any may come', () => {
  for (const webhooks of [[], [naming()], [naming('order.made'), naming()]])
    expect(webhookTriggerErrors({ connection: 'shop', event: 'x' }, { events: eventTypes(webhooks) })).toEqual([]);
});

it('a connection that is not there is told', () => {
  expect(webhookTriggerErrors({ connection: 'shop', event: 'x' }, undefined)).toMatchObject([
    { path: '/on/webhook/connection', found: 'shop' },
  ]);
});
