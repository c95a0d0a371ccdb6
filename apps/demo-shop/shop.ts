import { ENTITIES, type Entity, type Sizes } from './entities.js';
import { initialState, type ShopState } from './generator.js';
import { OrderLog } from './order-log.js';
import { PageStore } from './pages.js';

/** The shop's data as it is now: which rows there are, and their bytes. */
export class Shop {
  readonly pages: PageStore;
  readonly sizes: Sizes;
  private logs: Record<Entity, OrderLog>;

  constructor(private readonly options: { sizes: Sizes; marker: string; cacheBytes: number }) {
    this.sizes = options.sizes;
    this.pages = new PageStore(options);
    this.logs = this.initialLogs();
  }

  /** Renders what fits into the cache ahead of the first request. */
  async prerender(): Promise<void> {
    for (const entity of ENTITIES) await this.pages.prerender(entity, this.logs[entity]);
  }

  log(entity: Entity): OrderLog {
    return this.logs[entity];
  }

  touch(entity: Entity, from: number, to: number, revision: number): void {
    this.logs = { ...this.logs, [entity]: this.logs[entity].touch(from, to, revision) };
  }

  remove(entity: Entity, from: number, to: number): void {
    this.logs = { ...this.logs, [entity]: this.logs[entity].remove(from, to) };
  }

  append(entity: Entity, count: number): void {
    this.logs = { ...this.logs, [entity]: this.logs[entity].append(count) };
  }

  /** Back to the data at start. */
  reset(): void {
    this.logs = this.initialLogs();
  }

  state(): ShopState {
    const initial = initialState(this.options.sizes, this.options.marker);
    return {
      ...initial,
      entities: Object.fromEntries(ENTITIES.map((e) => [e, this.logs[e].segments])) as unknown as ShopState['entities'],
    };
  }

  private initialLogs(): Record<Entity, OrderLog> {
    return Object.fromEntries(ENTITIES.map((e) => [e, OrderLog.initial(this.options.sizes[e])])) as Record<Entity, OrderLog>;
  }
}
