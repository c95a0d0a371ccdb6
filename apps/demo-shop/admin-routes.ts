import { z } from 'zod';
import { json, refusal, type Answer } from './answer.js';
import { isEntity, type Entity } from './entities.js';
import { faultRulesSchema } from './faults.js';
import { webhooksSchema } from './services/event-sender.js';
import { settingsChangeSchema } from './options.js';
import { BadParameter, integer } from './paging.js';
import type { ShopContext } from './context.js';

export interface AdminRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

/** `/shop/_stats` and `/shop/_admin/*`: what tests, demo and benchmarks steer the shop with. */
export function answerAdmin(context: ShopContext, request: AdminRequest): Answer {
  try {
    return route(context, request);
  } catch (error) {
    if (error instanceof BadParameter) return refusal(400, 'bad_parameter', error.message);
    if (error instanceof z.ZodError) return refusal(400, 'bad_body', z.prettifyError(error));
    if (error instanceof SyntaxError) return refusal(400, 'bad_body', 'the body is not JSON');
    throw error;
  }
}

function route(context: ShopContext, { method, path, query, body }: AdminRequest): Answer {
  const { shop, stats, faults } = context;
  switch (`${method} ${path}`) {
    case 'GET /shop/_stats':
      return json(200, stats.snapshot());
    case 'GET /shop/_admin/state':
      return json(200, shop.state());
    case 'POST /shop/_admin/touch': {
      const entity = entityIn(query);
      const from = integer(query, 'from', { from: 1, to: shop.log(entity).maxId() });
      const to = integer(query, 'to', { from, to: shop.log(entity).maxId(), otherwise: from });
      shop.touch(entity, from, to, integer(query, 'revision', { from: 1, to: 1_000_000 }));
      return json(200, { entity, changed: to - from + 1 });
    }
    case 'POST /shop/_admin/remove': {
      const entity = entityIn(query);
      const from = integer(query, 'from', { from: 1, to: shop.log(entity).maxId() });
      const to = integer(query, 'to', { from, to: shop.log(entity).maxId(), otherwise: from });
      shop.remove(entity, from, to);
      return json(200, { entity, total: shop.log(entity).total });
    }
    case 'POST /shop/_admin/append': {
      const entity = entityIn(query);
      const count = integer(query, 'count', { from: 1, to: 1_000_000 });
      shop.append(entity, count);
      return json(200, { entity, total: shop.log(entity).total });
    }
    case 'POST /shop/_admin/reset':
      return reset(context, query.get('what') ?? 'stats');
    case 'GET /shop/_admin/faults':
      return json(200, faults.list());
    case 'PUT /shop/_admin/faults':
      faults.replace(faultRulesSchema.parse(JSON.parse(body)));
      return json(200, faults.list());
    case 'DELETE /shop/_admin/faults':
      faults.replace([]);
      return json(200, []);
    case 'GET /shop/_admin/webhooks':
      return json(200, context.events.list());
    case 'PUT /shop/_admin/webhooks':
      context.events.replace(webhooksSchema.parse(JSON.parse(body)));
      return json(200, context.events.list());
    case 'GET /shop/_admin/settings':
      return json(200, context.settings);
    case 'PUT /shop/_admin/settings':
      context.change(settingsChangeSchema.parse(JSON.parse(body)));
      return json(200, context.settings);
    default:
      return refusal(404, 'not_found', `${method} ${path} is not an admin call`);
  }
}

/** `stats` (the default), `faults`, `limits`, `data`, `services` (with webhooks), or `all` of them. */
function reset(context: ShopContext, what: string): Answer {
  const parts = {
    stats: () => context.stats.reset(),
    faults: () => context.faults.replace([]),
    limits: () => context.forgetLimits(),
    data: () => context.shop.reset(),
    services: () => {
      context.events.replace([]);
      context.services.forget();
    },
  };
  const chosen =
    what === 'all' ? Object.values(parts) : Object.entries(parts).flatMap(([name, run]) => (name === what ? [run] : []));
  if (chosen.length === 0) throw new BadParameter('what', `one of ${Object.keys(parts).join(', ')}, all`);
  for (const run of chosen) run();
  return json(200, { reset: what });
}

function entityIn(query: URLSearchParams): Entity {
  const name = query.get('entity') ?? '';
  if (isEntity(name)) return name;
  throw new BadParameter('entity', 'one of customers, orders, order_items, products, events');
}
