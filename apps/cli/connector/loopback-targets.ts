const HOST = String.raw`(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])`;
const TARGET = new RegExp(String.raw`(https?)://(${HOST})(?::(\d{1,5}))?(?![\w.:-])`, 'gi');

/**
 * The loopback addresses, as host:port, that a manifest or a configuration writes out as a URL. Who passes such a file on his own command line
 * means that address; anything else that is not public is refused as everywhere, unless it is named by --allow or SLUICE_EGRESS_ALLOW.
 */
export function loopbackTargets(...texts: readonly string[]): string[] {
  const found = new Set<string>();
  for (const text of texts)
    for (const [, scheme = '', host = '', port] of text.matchAll(TARGET))
      found.add(`${host}:${port ?? (scheme.toLowerCase() === 'https' ? 443 : 80)}`);
  return [...found];
}
