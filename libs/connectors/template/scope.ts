/** What an evaluation sees: the names of its place, and the clock. */
export interface Scope {
  readonly names: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch; a fraction gives microseconds. */
  readonly nowMs: number;
}

/** Names that the template itself sets: those of a loop's turn or a macro's call end with it. */
export class Locals {
  private readonly values = new Map<string, unknown>();

  constructor(readonly outer: Locals | undefined) {}

  set(name: string, value: unknown): void {
    this.values.set(name, value);
  }

  /** The innermost scope that has the name. */
  find(name: string): Locals | undefined {
    return this.values.has(name) ? this : this.outer?.find(name);
  }

  get(name: string): unknown {
    return this.values.get(name);
  }
}

/** A scope inside a template. */
export interface Env extends Scope {
  readonly locals?: Locals | undefined;
}
