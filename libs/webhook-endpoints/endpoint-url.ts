import type { EgressAllowList } from '../egress/index.js';

/** Why an address cannot be told anything, whatever its host resolves to; null: it can, as far as its text says. Pure. */
export function endpointUrlProblem(text: string, allow: EgressAllowList): string | null {
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'has credentials before the host: what is sent is signed instead';
  if (url.hash !== '') return 'has a fragment, which is not sent';
  if (url.protocol === 'https:') return null;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (url.protocol === 'http:' && allow.has(host, url.port === '' ? 80 : Number(url.port))) return null;
  return 'is not https, and SLUICE_EGRESS_ALLOW does not name its host and port';
}
