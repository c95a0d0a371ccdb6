import type { Announcement } from '../contracts/announcement.port.js';
import type { HttpResponse } from '../contracts/http.port.js';

export type SaidOfRetirement = Pick<Announcement, 'deprecated' | 'deprecatedAt' | 'sunsetAt' | 'deprecationLink' | 'sunsetLink'>;

const MAX_LINK = 1_000;

/**
 * Pure: what the headers of an answer say of the retirement of what was called; null: nothing. `Deprecation` is a date of RFC 9745 (`@1688169599`), or what its drafts
 * had: `true`, or an HTTP date. `Sunset` (RFC 8594) is an HTTP date. A header that is neither is dropped, and so are links that are no http(s) address.
 */
export function parseAnnouncement(headers: HttpResponse['headers']): SaidOfRetirement | null {
  const deprecation = headers['deprecation'];
  const sunset = headers['sunset'];
  // Of nearly every answer this is all that is done.
  if (deprecation === undefined && sunset === undefined) return null;
  const said = deprecationOf(text(deprecation));
  const sunsetAt = httpDate(text(sunset));
  if (!said.deprecated && sunsetAt === null) return null;
  const links = text(headers['link']);
  return { ...said, sunsetAt, deprecationLink: linkOf(links, 'deprecation'), sunsetLink: linkOf(links, 'sunset') };
}

const text = (value: string | string[] | undefined): string => (Array.isArray(value) ? (value[0] ?? '') : (value ?? '')).trim();

function deprecationOf(value: string): { deprecated: boolean; deprecatedAt: Date | null } {
  const seconds = /^@(-?\d{1,12})$/.exec(value)?.[1];
  if (seconds !== undefined) return { deprecated: true, deprecatedAt: new Date(Number(seconds) * 1_000) };
  if (/^(\?1|true|1)$/i.test(value)) return { deprecated: true, deprecatedAt: null };
  const at = httpDate(value);
  return { deprecated: at !== null, deprecatedAt: at };
}

/** IMF-fixdate, the one form that is sent; also where the header came twice and was joined. */
function httpDate(value: string): Date | null {
  const [date] = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT/.exec(value) ?? [];
  const ms = date === undefined ? NaN : Date.parse(date);
  return Number.isNaN(ms) ? null : new Date(ms);
}

/** The first link of the relation (RFC 8288), without query and credentials: an API may repeat in it what it was asked with. */
function linkOf(links: string, relation: string): string | null {
  for (const [, target = '', parameters = ''] of links.slice(0, 10_000).matchAll(/<([^<>\s]{1,2000})>((?:\s*;[^,<]*)*)/g)) {
    const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(parameters);
    if (!(rel?.[1] ?? rel?.[2] ?? '').toLowerCase().split(/\s+/).includes(relation)) continue;
    if (!URL.canParse(target)) continue;
    const url = new URL(target);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') continue;
    const plain = url.origin + url.pathname + url.hash;
    if (plain.length <= MAX_LINK) return plain;
  }
  return null;
}
