/** Waited before a service that died is started again; doubled each time, until it has run for `GOOD_AFTER_MS`. */
const PAUSE_MS = { first: 1_000, longest: 30_000 };
const GOOD_AFTER_MS = 60_000;

export interface Death {
  name: string;
  /** The exit code or the signal, as `ServiceProcess.ending` says it. */
  ending: string;
  /** Ms that it was ready for. */
  ranMs: number;
  /** Starts the service anew. */
  start: () => Promise<unknown>;
  /** Whether nobody has started or stopped it meanwhile. */
  unattended: () => boolean;
}

/** Starts services again that died without being asked to. Says each death, each start and each failed start in a line. */
export class Keeper {
  private readonly pauses = new Map<string, number>();

  constructor(private readonly say: (line: string) => void) {}

  /** Never rejects. */
  async startAgain({ name, ending, ranMs, start, unattended }: Death): Promise<void> {
    if (ranMs >= GOOD_AFTER_MS) this.pauses.delete(name);
    this.say(`${name} died ${ending}, and is started again`);
    while (unattended()) {
      const pause = this.pauses.get(name) ?? PAUSE_MS.first;
      this.pauses.set(name, Math.min(2 * pause, PAUSE_MS.longest));
      await new Promise((resolve) => setTimeout(resolve, pause).unref());
      if (!unattended()) return;
      try {
        await start();
        this.say(`${name}: ready again`);
        return;
      } catch (error) {
        if (unattended()) this.say(error instanceof Error ? error.message : String(error));
      }
    }
  }
}
