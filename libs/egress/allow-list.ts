/** Exact targets that may be called although they are not public: `host:port` as in SLUICE_EGRESS_ALLOW. No wildcard and no "all" exist. */
export class EgressAllowList {
  private readonly entries: ReadonlySet<string>;

  private constructor(entries: Iterable<string>) {
    this.entries = new Set(entries);
  }

  static readonly empty = new EgressAllowList([]);

  /** Reads `127.0.0.1:8080, shop.local:443, [::1]:9000`. Throws an Error that names the first entry which is no host:port. */
  static parse(text: string | undefined): EgressAllowList {
    const parts = (text ?? '').split(',').map((part) => part.trim());
    return new EgressAllowList(parts.filter((part) => part !== '').map(normalise));
  }

  /** `host` without brackets, as a name or an address. */
  has(host: string, port: number): boolean {
    return this.entries.has(key(host, port));
  }

  /** The list with further `host:port` entries, for programs that start their own servers. */
  with(...entries: readonly string[]): EgressAllowList {
    return new EgressAllowList([...this.entries, ...entries.map(normalise)]);
  }
}

function normalise(entry: string): string {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@[\]*]+)):(\d{1,5})$/.exec(entry);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || port < 1 || port > 65_535) throw new Error(`SLUICE_EGRESS_ALLOW: "${entry}" is not host:port`);
  return key(host, port);
}

const key = (host: string, port: number): string => `${canonicalHost(host)}:${port}`;

/** As the URL parser writes it, so that `LOCALHOST`, `127.1` and `[0:0::1]` meet their entries. */
function canonicalHost(host: string): string {
  const url = host.includes(':') ? `http://[${host}]` : `http://${host}`;
  return URL.canParse(url) ? new URL(url).hostname : host.toLowerCase();
}
