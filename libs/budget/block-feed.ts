import type { Client } from 'pg';
import { z } from 'zod';
import { listen, type Pool } from '../store/index.js';
import { activeBlocks, type Block } from './budget.repository.js';

const CHANNEL = 'sluice_budget';
/** How often the blocks are read; with the notification this bounds how late a worker learns of one. */
const TICK_MS = 1_000;
/** A listener that does not answer by then is dead, whatever its socket says. */
const ANSWER_MS = 900;

const messageSchema = z.object({ workspace_id: z.string(), account: z.string(), remaining_ms: z.number() });

/**
 * Brings the blocks that any worker reports to this process: LISTEN on one connection of its own, and one indexed read a second. The read goes
 * over the same connection, so it also finds out whether that still lives; while it does not, the pool is asked.
 */
export class BlockFeed {
  private listener: Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private ticking: Promise<void> | undefined;
  private first: Promise<void> | undefined;
  private closed = false;

  constructor(
    private readonly options: {
      pool: Pool;
      onBlock: (block: Block) => void;
      /** Told once per failure; the feed goes on by itself. */
      onError: (error: unknown) => void;
      /** Work of the gate that wants the same rhythm. */
      onTick: () => Promise<void>;
    },
  ) {}

  /** Resolves when what is blocked was read once, or could not be: a call must not wait for a database that it does not need. */
  start(): Promise<void> {
    if (this.first === undefined && !this.closed) {
      this.first = this.tick();
      this.timer = setInterval(() => void this.tick(), TICK_MS);
      this.timer.unref();
    }
    return this.first ?? Promise.resolve();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    await this.ticking;
    await this.drop();
  }

  /** Never rejects; a tick that is still under way is joined. */
  private tick(): Promise<void> {
    this.ticking ??= this.run().finally(() => {
      this.ticking = undefined;
    });
    return this.ticking;
  }

  private async run(): Promise<void> {
    try {
      this.listener ??= await this.listen();
      await this.read(this.listener);
    } catch (error) {
      this.options.onError(error);
      await this.drop();
      // the listener is down, which need not mean that the database is
      await this.read(this.options.pool).catch(() => undefined);
    }
    await this.options.onTick();
  }

  private async read(db: Parameters<typeof activeBlocks>[0]): Promise<void> {
    for (const block of await activeBlocks(db)) this.options.onBlock(block);
  }

  private listen(): Promise<Client> {
    return listen(this.options.pool, {
      channel: CHANNEL,
      name: 'sluice-budget-listener',
      answerMs: ANSWER_MS,
      onNotification: (payload) => this.receive(payload),
      onLost: (client, error) => {
        this.options.onError(error);
        if (this.listener === client) this.listener = undefined;
      },
    });
  }

  private receive(payload: string | undefined): void {
    try {
      const message = messageSchema.parse(JSON.parse(payload ?? ''));
      this.options.onBlock({ workspaceId: message.workspace_id, account: message.account, remainingMs: message.remaining_ms });
    } catch (error) {
      this.options.onError(error);
    }
  }

  private async drop(): Promise<void> {
    const client = this.listener;
    this.listener = undefined;
    await client?.end().catch(() => undefined);
  }
}
