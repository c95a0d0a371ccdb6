/** Tokens learned at run time that are remembered; the oldest are forgotten, so that a source that logs in for ever stays small. */
const MOST_LEARNED = 200;

/** What no error of a source may show: the configuration's secrets, and those that providers gave while it ran. */
export class KnownSecrets {
  private readonly learned = new Set<string>();

  constructor(private readonly configured: readonly string[]) {}

  learn(secret: string): void {
    if (this.learned.has(secret)) return;
    this.learned.add(secret);
    if (this.learned.size > MOST_LEARNED) this.learned.delete(this.learned.values().next().value ?? '');
  }

  all(): string[] {
    return [...this.configured, ...this.learned];
  }
}
