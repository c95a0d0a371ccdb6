import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startApiWorld, type ApiWorld } from '../support/api-world.js';
import type { ApiClient } from '../support/api-client.js';
import { paymentsManifest, paymentsSluice } from '../support/actions/payments-api.js';

let world: ApiWorld;
let client: ApiClient;
let connection: string;
beforeAll(async () => {
  world = await startApiWorld();
  client = world.client;
  await client.post('/v1/connectors', { name: 'payments', manifest: paymentsManifest, sluice: paymentsSluice });
  const config = { base_url: 'http://127.0.0.1:9', api_key: 'right' };
  connection = String((await client.post('/v1/connections', { name: 'bank', connector: 'payments', config })).body.id);
});
afterAll(() => world?.stop());

const yaml = { 'content-type': 'application/yaml' };
const put = (text: string) => client.post('/v1/flows', text, yaml);
const step = (more = '') => `{id: pay, connection: bank, action: pay, input: {reference: input.order, amount: 1}${more}}`;
const flow = (steps: string, more = '') => `name: f\non: {request: {}}\n${more}steps:\n  - ${steps}\n`;

it.each([
  ['a key that is not known', flow(step(', inputs: {}')), '/steps/0/inputs', /not known.*line 4:/],
  ['YAML that is none', 'name: f\non: {request: {}}\nsteps: [', '', /line 3:9/],
  [
    'a mapping that does not compile',
    flow(step().replace('input.order', "'input.order.'")),
    '/steps/0/input/reference',
    /^JSONata, character 12: .*line 4:/,
  ],
  [
    'a name that is nothing',
    flow(step().replace('input.order', 'inptu.order')),
    '/steps/0/input/reference',
    /"inptu" is nothing here/,
  ],
  ['a condition that does not compile', flow(step(', if: "input.a >"')), '/steps/0/if', /^CEL, character \d+: .*line 4:/],
  ['a condition that is none', flow(step(), 'when: \'"yes"\'\n'), '/when', /gives string, not bool.*line 3:/],
  ['an event where there is none', flow(step(), 'when: event.type == "x"\n'), '/when', /Unknown variable: event/],
  ['a missing connection', flow(step().replace('bank', 'bnak')), '/steps/0/connection', /is no connection.*line 4:/],
  ['a missing action', flow(step().replace('action: pay', 'action: pya')), '/steps/0/action', /not an action/],
  [
    'a field that the action does not know',
    flow(step().replace('amount:', 'amuont:')),
    '/steps/0/input/amuont',
    /not known to the action/,
  ],
  [
    'a later step',
    flow(step().replace('input.order', 'steps.pay.result.id')),
    '/steps/0/input/reference',
    /"pay", which is not over/,
  ],
  ['two steps of one id', flow(`${step()}\n  - ${step()}`), '/steps/1/id', /earlier step/],
  [
    'a compensation that is not there',
    flow(step(', compensate: {action: refund}')),
    '/steps/0/compensate/action',
    /not an action/,
  ],
  ['two triggers', 'name: f\non: {request: {}, schedule: {cron: "* * * * *"}}\nsteps: []\n', '/on', /name one of/],
  [
    'a time that never comes',
    flow(step()).replace('{request: {}}', '{schedule: {cron: "0 0 30 2 *"}}').replace('input.order', '\'"x"\''),
    '/on/schedule/cron',
    /never fires/,
  ],
  [
    'an answer to nobody',
    `${flow(step().replace('input.order', 'event.id')).replace('{request: {}}', '{webhook: {connection: bank, event: e}}')}respond: {a: event.id}\n`,
    '/respond',
    /nobody to answer/,
  ],
  [
    'a schema that is none',
    flow(step()).replace('{request: {}}', '{request: {input: {type: strange}}}'),
    '/on/request/input',
    /valid JSON schema/,
  ],
  [
    'too many aliases',
    `name: f\na: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d]\n`,
    '',
    /cannot be read/,
  ],
])('%s is refused with its place, and nothing is stored', async (_name, text, path, message) => {
  const answer = await put(text);
  expect(answer).toMatchObject({ status: 422, body: { code: 'FLOW_INVALID' } });
  expect(answer.body.errors).toContainEqual(expect.objectContaining({ path, message: expect.stringMatching(message) }));
  expect((await client.get('/v1/flows')).body.data).toEqual([]);
});

it('a flow is read, listed and changed; its name is its own, and its connections stay', async () => {
  const made = await put(flow(step()));
  expect(made).toMatchObject({ status: 201, body: { name: 'f', version: 1, enabled: true, trigger: 'request' } });
  const id = String(made.body.id);
  expect(made.headers.get('location')).toBe(`/v1/flows/${id}`);
  expect(await put(flow(step()))).toMatchObject({ status: 409, body: { code: 'NAME_TAKEN' } });
  expect(await client.get(`/v1/flows/${id}`)).toMatchObject({
    body: { definition: { steps: [{ onError: 'fail', parallel: 4 }] } },
  });
  const json = { name: 'g', on: { request: {} }, steps: [{ id: 'show', connection, action: 'show', input: { id: '"x"' } }] };
  expect(await client.put(`/v1/flows/${id}`, json)).toMatchObject({ status: 200, body: { name: 'g', version: 2 } });
  expect(await client.put(`/v1/flows/${id}`, { ...json, steps: [] })).toMatchObject({ status: 422 });
  expect((await client.get('/v1/flows')).body.data).toMatchObject([{ id, name: 'g' }]);
  expect(await client.delete(`/v1/connections/${connection}`)).toMatchObject({ status: 409, body: { code: 'IN_USE' } });
  expect(await client.delete(`/v1/flows/${id}`)).toMatchObject({ status: 204 });
  expect(await client.delete(`/v1/flows/${id}`)).toMatchObject({ status: 404 });
});

it('an input that breaks the flow’s schema is told with every place, and nothing is stored', async () => {
  const input = `{type: object, required: [order], additionalProperties: false, properties: {order: {type: string}, n: {type: integer}}}`;
  const made = await put(flow(step()).replace('{request: {}}', `{request: {input: ${input}}}`));
  expect(made).toMatchObject({ status: 201 });
  const run = (body: unknown, headers = {}) => client.post(`/v1/flows/${String(made.body.id)}/runs`, body, headers);
  expect(await run({ input: { n: 'x', colour: 1 } })).toMatchObject({
    status: 422,
    body: {
      code: 'VALIDATION_FAILED',
      errors: expect.arrayContaining([
        expect.objectContaining({ path: '/input/order' }),
        expect.objectContaining({ path: '/input/n' }),
        expect.objectContaining({ path: '/input/colour' }),
      ]),
    },
  });
  expect(await run({ inptu: {} })).toMatchObject({ status: 422 });
  expect(await run('{"input":', { 'content-type': 'application/json' })).toMatchObject({ status: 400 });
  expect(await run({ input: { order: 'x' } }, { 'idempotency-key': 'ä' })).toMatchObject({ status: 400 });
  expect(await run({ input: { order: 'x' } }, { prefer: 'wait=soon' })).toMatchObject({ status: 400 });
  expect((await client.get('/v1/flow-runs')).body.data).toEqual([]);
  const hook = await put(
    flow(step().replace('input.order', 'event.id'))
      .replace('{request: {}}', '{webhook: {connection: bank, event: e}}')
      .replace('name: f', 'name: h'),
  );
  expect(await client.post(`/v1/flows/${String(hook.body.id)}/runs`, { input: {} })).toMatchObject({ status: 400 });
});

it('a dry run shows the requests that a flow would make, with secrets hidden, and calls nothing', async () => {
  const made = await client.post('/v1/flows', {
    name: 'dry',
    on: { webhook: { connection: 'bank', event: 'order.made' } },
    when: 'event.body.amount > 0.0',
    steps: [
      {
        ...{ id: 'each', connection: 'bank', action: 'pay', forEach: 'event.body.lines' },
        input: { reference: 'event.body.order & "/" & item.sku', amount: 'item.amount' },
      },
      { id: 'skipped', connection: 'bank', action: 'show', if: 'has(event.body.gift)', input: { id: '"gift"' } },
      { id: 'show', connection: 'bank', action: 'show', input: { id: 'steps.each.result[0].id' } },
      {
        id: 'wrong',
        connection: 'bank',
        action: 'pay',
        input: { reference: 'event.body.order', amount: '-1 * event.body.amount' },
      },
      { id: 'never', connection: 'bank', action: 'show', input: { id: '"x"' } },
    ],
  });
  expect(made).toMatchObject({ status: 201 });
  const dry = (body: unknown) => client.post(`/v1/flows/${String(made.body.id)}:dry-run`, body);
  const event = {
    body: {
      order: 'o1',
      amount: 7,
      lines: [
        { sku: 'cup', amount: 3 },
        { sku: 'pot', amount: 4 },
      ],
    },
  };
  const answer = await dry({ event, results: { each: [{ id: 'sample 1' }] } });
  expect(answer).toMatchObject({
    status: 200,
    body: {
      runs: true,
      errors: [],
      steps: [
        {
          ...{ id: 'each', outcome: 'would_run', items: 2 },
          calls: [
            {
              input: { reference: 'o1/cup', amount: 3 },
              request: {
                ...{ method: 'POST', url: 'http://127.0.0.1:9/keyed/payments', body: '{"reference":"o1/cup","amount":3}' },
                headers: expect.objectContaining({ 'X-Api-Key': '[secret]' }),
              },
            },
            { item: 1, input: { reference: 'o1/pot' } },
          ],
        },
        { id: 'skipped', outcome: 'skipped', calls: [] },
        {
          id: 'show',
          outcome: 'would_run',
          calls: [{ request: { method: 'GET', url: 'http://127.0.0.1:9/things/sample%201' } }],
        },
        { id: 'wrong', outcome: 'would_fail', calls: [{ request: null, errors: [{ path: '/input/amount' }] }] },
      ],
    },
  });
  expect(answer.body['steps']).toHaveLength(4);
  expect(answer.text).not.toContain('right');
  expect(await dry({ event: { body: { amount: 0 } } })).toMatchObject({ body: { runs: false, steps: [] } });
  expect(await dry({ event: { body: { amount: 'x' } } })).toMatchObject({ body: { runs: false, errors: [{ path: '/when' }] } });
  expect(await dry({ input: {} })).toMatchObject({ status: 422, body: { errors: [{ path: '/input' }] } });
  expect(await dry({ event, version: 7 })).toMatchObject({ status: 404 });
  expect((await client.get('/v1/flow-runs')).body.data).toEqual([]);
  expect((await client.get('/v1/action-runs')).body.data).toEqual([]);
});
