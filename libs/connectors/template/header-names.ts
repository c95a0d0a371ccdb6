/**
 * `headers` as templates see them: found whatever the case of their letters, as Python's requests does. `exact` holds what is found by
 * exactly that name before any header: `link`, taken apart.
 */
export class HeaderNames {
  private readonly byName = new Map<string, [string, unknown]>();

  constructor(
    headers: Iterable<readonly [string, unknown]>,
    private readonly exact: Readonly<Record<string, unknown>> = {},
  ) {
    for (const [name, value] of headers) this.byName.set(name.toLowerCase(), [name, value]);
  }

  get size(): number {
    return this.entries().length;
  }

  get(name: unknown, absent: unknown): unknown {
    if (typeof name !== 'string') return absent;
    if (Object.hasOwn(this.exact, name)) return this.exact[name];
    const found = this.byName.get(name.toLowerCase());
    return found === undefined ? absent : found[1];
  }

  entries(): [string, unknown][] {
    return [...[...this.byName.values()].filter(([name]) => !Object.hasOwn(this.exact, name)), ...Object.entries(this.exact)];
  }
}
