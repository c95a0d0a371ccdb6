interface UnderWay<Found> {
  now: Promise<Found>;
  /** For who asked since `now` began. */
  next?: Promise<Found>;
}

/** Looks that are the same are one while there are many: who asks during one gets what the next one finds. Nothing is kept: what is found is never older than the question. */
export class JoinedLooks<Found> {
  private readonly underWay = new Map<string, UnderWay<Found>>();

  /** Throws what `find` throws, whoever's it was. */
  look(key: string, find: () => Promise<Found>): Promise<Found> {
    const under = this.underWay.get(key);
    if (under === undefined) return this.begin(key, find);
    return (under.next ??= under.now.then(
      () => this.begin(key, find),
      () => this.begin(key, find),
    ));
  }

  private begin(key: string, find: () => Promise<Found>): Promise<Found> {
    const under: UnderWay<Found> = { now: find() };
    this.underWay.set(key, under);
    const forget = (): void => {
      if (under.next === undefined) this.underWay.delete(key);
    };
    under.now.then(forget, forget);
    return under.now;
  }
}
