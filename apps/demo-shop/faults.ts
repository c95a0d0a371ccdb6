import { z } from 'zod';
import { ENTITIES, type Entity } from './entities.js';

const FAULT_KINDS = [
  'status',
  'reset',
  'slow',
  'truncate',
  'hang',
  'bad_json',
  'wrong_shape',
  'refuse_cursor',
  'retire',
  'drift',
] as const;

/**
 * One way to misbehave. A rule applies to the requests that match it; of those, in this order, `skip` lets the first ones pass, `everyNth`
 * takes each nth, `probability` draws from a generator seeded with `seed`, and `times` ends it. The same requests meet the same faults.
 */
const faultRuleSchema = z.strictObject({
  match: z.strictObject({ entity: z.enum(ENTITIES).optional(), pathPrefix: z.string().optional() }).default({}),
  /**
   * `status`: answers `status`. `reset`: the connection is reset in the middle of the body. `slow`: answers after `delayMs`. `truncate`: the
   * connection ends before the announced length. `hang`: no answer (with `delayMs`: reset then). `bad_json`: complete HTTP, JSON cut off.
   * `wrong_shape`: valid JSON without the list. `refuse_cursor`: 410 for a request with a cursor. `retire`: the answer says when it was deprecated and will stop
   * (`deprecation`, `sunset`, `link`). `drift`: records have a field `channel`, their `id` is a text, and their `status`, if they
   * have one, is `returned`.
   */
  kind: z.enum(FAULT_KINDS),
  status: z.int().min(400).max(599).default(500),
  delayMs: z.int().min(0).max(3_600_000).default(0),
  times: z.int().min(1).optional(),
  skip: z.int().min(0).default(0),
  everyNth: z.int().min(1).default(1),
  probability: z.number().min(0).max(1).default(1),
  seed: z.int().default(1),
  /** Seconds, with status 429 and 503; a 429 blocks the key until then. */
  retryAfter: z.number().min(0).optional(),
  /** Headers of `retire`. */
  headers: z.partialRecord(z.enum(['deprecation', 'sunset', 'link']), z.string()).default({}),
});
export const faultRulesSchema = z.array(faultRuleSchema);
export type FaultRule = z.infer<typeof faultRuleSchema>;

export interface FaultRequest {
  readonly entity: Entity | undefined;
  readonly path: string;
  readonly hasCursor: boolean;
}

interface Armed {
  readonly rule: FaultRule;
  readonly random: () => number;
  seen: number;
  injected: number;
}

/** The rules in force. The first that strikes wins; the others do not see that request. */
export class FaultInjector {
  private armed: readonly Armed[] = [];

  replace(rules: readonly FaultRule[]): void {
    this.armed = rules.map((rule) => ({ rule, random: seededRandom(rule.seed), seen: 0, injected: 0 }));
  }

  list(): { rule: FaultRule; seen: number; injected: number }[] {
    return this.armed.map(({ rule, seen, injected }) => ({ rule, seen, injected }));
  }

  next(request: FaultRequest): FaultRule | undefined {
    return this.armed.find((armed) => strikes(armed, request))?.rule;
  }
}

function strikes(armed: Armed, request: FaultRequest): boolean {
  const { rule } = armed;
  if (!matches(rule, request) || armed.injected >= (rule.times ?? Infinity)) return false;
  armed.seen += 1;
  const nth = armed.seen - rule.skip;
  if (nth <= 0 || nth % rule.everyNth !== 0) return false;
  if (rule.probability < 1 && armed.random() >= rule.probability) return false;
  armed.injected += 1;
  return true;
}

const matches = ({ match, kind }: FaultRule, { entity, path, hasCursor }: FaultRequest): boolean =>
  (match.entity === undefined || match.entity === entity) &&
  (match.pathPrefix === undefined || path.startsWith(match.pathPrefix)) &&
  (kind !== 'refuse_cursor' || hasCursor);

/** Mulberry32: numbers in [0, 1), the same for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
