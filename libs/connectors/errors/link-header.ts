const EDGES = /^[\s'"]+|[\s'"]+$/g;

/** A Link header (RFC 8288) as Python's requests reads it: rel (else address) → {url, rel, …}; addresses stay as they were written. Pure. */
export function readLinks(header: string): Record<string, Record<string, string>> {
  const links: Record<string, Record<string, string>> = {};
  const whole = header.replace(EDGES, '');
  if (whole === '') return links;
  for (const part of whole.split(/, *</)) {
    const at = part.indexOf(';');
    const address = (at < 0 ? part : part.slice(0, at)).replace(/^[<>\s'"]+|[<>\s'"]+$/g, '');
    const link: Record<string, string> = { url: address };
    for (const parameter of at < 0 ? [] : part.slice(at + 1).split(';')) {
      const [name = '', value, more] = parameter.split('=');
      // What cannot be read ends the link, as there.
      if (value === undefined || more !== undefined) break;
      link[name.replace(EDGES, '')] = value.replace(EDGES, '');
    }
    links[link['rel'] ?? address] = link;
  }
  return links;
}
