import type { HttpResponse } from '../../contracts/http.port.js';
import { SluiceError } from '../../errors/index.js';
import { decodeJson, type Decoder } from '../records/decoders.component.js';

/** An HTTP answer as handlers, paginators and extractors look at it; the body is parsed when somebody asks, once. */
export class Answer {
  private parsed: { value: unknown } | undefined;

  constructor(
    readonly response: HttpResponse,
    /** Repeats included. */
    readonly requests: number,
    private readonly decoder: Decoder = decodeJson,
  ) {}

  get status(): number {
    return this.response.status;
  }

  header(name: string): string | undefined {
    const value = this.response.headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  /** The decoded body; an empty one is {}. Throws SOURCE_BAD_RESPONSE without quoting it. */
  decoded(): unknown {
    if (this.parsed !== undefined) return this.parsed.value;
    const { body } = this.response;
    try {
      const value = this.decoder(body);
      this.parsed = { value };
      return value;
    } catch (error) {
      // The parser's message quotes the body: not even as a cause may it go on.
      if ((error as Error).name !== 'SyntaxError') throw error;
      throw new SluiceError('SOURCE_BAD_RESPONSE', {
        detail: `the body (status ${this.status}, ${body.length} bytes) cannot be decoded`,
      });
    }
  }

  /** The body for predicates of error handlers: one that cannot be decoded counts as {}. */
  decodedOrEmpty(): unknown {
    try {
      return this.decoded();
    } catch {
      return {};
    }
  }

  /** `headers` as templates see them: as sent in lower case and in Title-Case, and `link` taken apart. */
  templateHeaders(): Record<string, unknown> {
    const names: Record<string, unknown> = {};
    for (const name of Object.keys(this.response.headers)) {
      const value = this.header(name);
      names[name] = value;
      names[name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())] = value;
    }
    names['link'] = parseLinks(this.header('link') ?? '', this.response.url);
    return names;
  }
}

/** RFC 8288: rel → {url, rel, …}, as Python's requests gives it; relative addresses are made absolute. */
function parseLinks(header: string, base: string): Record<string, Record<string, string>> {
  const links: Record<string, Record<string, string>> = {};
  for (const [, address = '', parameters = ''] of header.matchAll(/<([^>]*)>((?:\s*;\s*[\w*]+\s*=\s*(?:"[^"]*"|[^\s",;]*))*)/g)) {
    const link: Record<string, string> = { url: URL.canParse(address, base) ? new URL(address, base).href : address };
    for (const [, name = '', quoted, bare] of parameters.matchAll(/;\s*([\w*]+)\s*=\s*(?:"([^"]*)"|([^\s",;]*))/g))
      link[name] = quoted ?? bare ?? '';
    links[link['rel'] ?? link['url'] ?? address] = link;
  }
  return links;
}
