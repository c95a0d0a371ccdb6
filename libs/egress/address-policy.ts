import ipaddr from 'ipaddr.js';

/** All allocated unicast IPv6 lies here (RFC 4291 §2.4); what is outside is local, a transition mechanism or not assigned. */
const GLOBAL_UNICAST_V6 = ipaddr.IPv6.parseCIDR('2000::/3');

/** Public addresses by number, but reachable only from inside a cloud, where they hand out credentials. */
const METADATA_SERVICES = new Set(['168.63.129.16']);

/**
 * Why an address must not be called, or null when it is public. Everything that is not plain global unicast is refused: private, loopback,
 * link-local, CGNAT, multicast, unspecified, reserved, and every form of IPv6 that carries an IPv4 address (mapped, NAT64, 6to4, Teredo),
 * since where that leads depends on the network. Text that is no address is refused too.
 */
export function refusalOf(address: string): string | null {
  const bare = address.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  if (!ipaddr.isValid(bare)) return 'not an IP address';
  const parsed = ipaddr.parse(bare);
  const range = parsed.range();
  if (range !== 'unicast') return range;
  if (METADATA_SERVICES.has(parsed.toString())) return 'cloud metadata';
  if (parsed instanceof ipaddr.IPv6 && !parsed.match(GLOBAL_UNICAST_V6)) return 'not global unicast';
  return null;
}
