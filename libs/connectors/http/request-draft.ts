import { SluiceError } from '../../errors/index.js';
import { isDict, str } from '../template/values.js';
import { stringifyJson } from '../../json/index.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';

/** Where a value goes into a request. */
type InjectionTarget = 'request_parameter' | 'header' | 'body_data' | 'body_json';

/** A place in a request, as the manifest's RequestOption names it. */
export interface Injection {
  into: InjectionTarget;
  /** One name, or a path into the JSON body. */
  path: readonly Interpolation[];
}

type Values = Map<string, unknown>;

/** A request while its parts (requester, authenticator, paginator, partition, cursor) add to it. Two parts that set the same key are an error. */
export class RequestDraft {
  readonly headers: Record<string, string> = {};
  /** Replaces the credential that this request carries, if nobody did since; null: it is one that stays. */
  renewal: (() => Promise<void>) | null = null;
  private readonly query: Values = new Map();
  private readonly form: Values = new Map();
  private json: Record<string, unknown> | undefined;
  private rawBody: string | undefined;

  constructor(
    public url: string,
    readonly method: string,
  ) {}

  header(name: string, value: string): void {
    this.headers[name] = value;
  }

  parameter(name: string, value: unknown): void {
    put(this.query, name, value, 'request_parameters');
  }

  formField(name: string, value: unknown): void {
    put(this.form, name, value, 'request_body_data');
  }

  /** A body sent as it is. */
  raw(body: string): void {
    this.rawBody = body;
  }

  jsonBody(fields: Record<string, unknown>): void {
    this.json = { ...this.json, ...fields };
  }

  inject({ into, path }: Injection, value: unknown, scope: Scope): void {
    const names = path.map((name) => name.text(scope));
    const [name = ''] = names;
    switch (into) {
      case 'request_parameter':
        return this.parameter(name, value);
      case 'header':
        return this.header(name, str(value));
      case 'body_data':
        return this.formField(name, value);
      case 'body_json': {
        let target = (this.json ??= {});
        for (const step of names.slice(0, -1)) {
          const next = isDict(target[step]) ? { ...target[step] } : {};
          target[step] = next;
          target = next;
        }
        target[names.at(-1) ?? ''] = value;
      }
    }
  }

  /** Address and body, ready to be sent. Parameters that the address already holds are not repeated. */
  finish(): { url: string; body: string | undefined } {
    const url = URL.canParse(this.url) ? new URL(this.url) : undefined;
    if (url === undefined) throw new SluiceError('CONFIG_INVALID', { detail: 'the requester’s address is not a URL' });
    const pairs = toPairs(this.query).filter(([name, value]) => !url.searchParams.getAll(name).includes(value));
    const query = new URLSearchParams(pairs).toString();
    const own = url.search.slice(1);
    url.search = [own, query].filter((part) => part !== '').join('&');
    return { url: url.href, body: this.body() };
  }

  private body(): string | undefined {
    if (this.rawBody !== undefined) return this.rawBody;
    if (this.form.size > 0) {
      this.headers['Content-Type'] ??= 'application/x-www-form-urlencoded';
      return new URLSearchParams(toPairs(this.form)).toString();
    }
    // An empty object is no body, as in Airbyte.
    if (this.json === undefined || Object.keys(this.json).length === 0) return undefined;
    this.headers['Content-Type'] ??= 'application/json';
    return stringifyJson(this.json);
  }
}

function put(values: Values, name: string, value: unknown, what: string): void {
  if (value === null || value === undefined) return;
  if (values.has(name))
    throw new SluiceError('MANIFEST_INVALID', {
      detail: `two parts of the request set "${name}" in ${what}`,
      details: { field: name },
    });
  values.set(name, value);
}

const toPairs = (values: Values): [string, string][] =>
  [...values].flatMap(([name, value]) =>
    Array.isArray(value) ? value.map((item): [string, string] => [name, str(item)]) : [[name, str(value)] as [string, string]],
  );
