import type { HttpResponse } from '../../contracts/http.port.js';
import { SluiceError } from '../../errors/index.js';
import { bodiesOf, readJson, type Decoder } from '../records/decoder.js';
import { decodeJson } from '../records/decoders.component.js';
import { scanRows, type FoundRows, type JsonRows } from '../../json/index.js';
import { HeaderNames } from '../template/header-names.js';
import { readLinks } from './link-header.js';
import { withoutList } from './without-list.js';

/** Steps that are names and nothing else: no patterns, no places in lists. */
const NAME = /^[A-Za-z_$][\w$-]*$/;
/** Of an answer's start, to who looks for what is wrong. */
const SHOWN_CHARACTERS = 200;

/** An HTTP answer as handlers, paginators and extractors look at it; the body is parsed when somebody asks, once. */
export class Answer {
  private parsed: { value: unknown } | undefined;
  private values: readonly unknown[] | undefined;
  private found: FoundRows | undefined;
  private around: (() => unknown) | undefined;

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

  /** The body as JSON, whatever the decoder; an empty one is {}. Throws SOURCE_BAD_RESPONSE without quoting it. */
  decoded(): unknown {
    const { body } = this.response;
    return (this.parsed ??= this.guarded(() => ({ value: this.around?.() ?? readJson(body, this.decoder.json) }))).value;
  }

  /**
   * The records of the list that a path leads to, without parsing them. null: they have been parsed already, or have to be. Afterwards the body around
   * the list is parsed when somebody asks, the list itself only when somebody looks at it.
   */
  rows(path: readonly string[]): JsonRows | null {
    const { json } = this.decoder;
    if (json === undefined || this.parsed !== undefined || !path.every((step) => NAME.test(step))) return null;
    const { body } = this.response;
    const found = scanRows(body, path, json);
    if (found === null) return null;
    this.found = found;
    if (path.length > 0) this.around = () => withoutList(body, { path, list: found.list, reading: json });
    return found.rows;
  }

  /** As `decoded`; what cannot be read counts as {}. */
  decodedOrEmpty(): unknown {
    try {
      return this.decoded();
    } catch {
      return {};
    }
  }

  /** What the decoder makes of the body, for extractors. Throws SOURCE_BAD_RESPONSE without quoting it. */
  bodies(): readonly unknown[] {
    // JSON may be parsed already, by an error handler that looked at the body.
    this.values ??=
      this.decoder.json === undefined ? this.guarded(() => this.decoder.decode(this.response)) : bodiesOf(this.decoded());
    return this.values;
  }

  /** What paginators see of the body: its first value. Airbyte does not look into bodies that it reads as a stream. */
  first(): unknown {
    if (this.found !== undefined && this.around === undefined) return this.found.rows.length > 0 ? this.found.rows.record(0) : {};
    return this.decoder.streamed ? {} : (this.bodies()[0] ?? {});
  }

  /** `headers` as paginators see them: `link` is taken apart. */
  templateHeaders(): HeaderNames {
    return new HeaderNames(this.headerEntries(), { link: readLinks(this.header('link') ?? '') });
  }

  /** `headers` as error handlers see them. */
  plainHeaders(): HeaderNames {
    return new HeaderNames(this.headerEntries());
  }

  private headerEntries(): [string, unknown][] {
    return Object.keys(this.response.headers).map((name) => [name, this.header(name)]);
  }

  private guarded<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      // The parser's message quotes the body: not even as a cause may it go on.
      if ((error as Error).name !== 'SyntaxError') throw error;
      const { length } = this.response.body;
      throw this.misshapen(`the body (status ${this.status}, ${length} bytes) cannot be decoded`);
    }
  }

  /** The failure of an answer that is not what the manifest describes: `detail` says how; the answer itself is only its evidence. */
  misshapen(detail: string): SluiceError {
    return new SluiceError('SOURCE_BAD_RESPONSE', { detail, evidence: this.evidence });
  }

  /** The request and the start of the answer in one line; who hands it on hides the secrets that are known. */
  get evidence(): string {
    const { url, status, body } = this.response;
    // Some bytes more than are shown, since a character may be four.
    const text = body
      .subarray(0, 4 * SHOWN_CHARACTERS)
      .toString('utf8')
      .replaceAll(/\s+/g, ' ')
      .slice(0, SHOWN_CHARACTERS);
    return `${url} answered ${status}${text === '' ? ' without a body' : `: ${text}`}`;
  }
}
