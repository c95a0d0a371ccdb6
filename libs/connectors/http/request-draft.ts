import { SluiceError } from '../../errors/index.js';
import { str } from '../template/values.js';
import { stringifyJson } from '../../json/index.js';
import { toRecordValue } from '../records/record-value.js';
import type { Interpolation, Scope } from '../manifest/interpolation.js';
import { findHeader } from './find-header.js';
import { KeyCollision, mergeJson } from './merge-json.js';
import { addressWith, encodePairs, parametersOf } from './url.js';

/** Where a value goes into a request. */
type InjectionTarget = 'request_parameter' | 'header' | 'body_data' | 'body_json';

/** A place in a request, as the manifest's RequestOption names it. */
export interface Injection {
  into: InjectionTarget;
  /** One name, or a path into the JSON body. */
  path: readonly Interpolation[];
}

/** A request as it is sent. */
export interface FinishedRequest {
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  body: string | undefined;
}

type Values = Map<string, unknown>;

/** Methods with a body; others are sent without the one that a manifest writes. */
const WITH_BODY = new Set(['GET', 'POST', 'PUT', 'PATCH']);

/**
 * A request while its parts (requester, authenticator, paginator, partition, cursor) add to it. Two parts that set the same key are an error, as
 * in Airbyte; the same value twice in a JSON body is none.
 */
export class RequestDraft {
  readonly headers: Record<string, string> = {};
  /** Replaces the credential that this request carries, if nobody did since; null: it is one that stays. */
  renewal: (() => Promise<void>) | null = null;
  private readonly query: Values = new Map();
  private readonly form: Values = new Map();
  private readonly json: Record<string, unknown> = {};
  private rawBody: string | undefined;

  constructor(
    public url: string,
    readonly method: string,
  ) {}

  header(name: string, value: string): void {
    if (Object.hasOwn(this.headers, name)) throw collision(name, 'headers');
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

  /** Fields of the JSON body; nested ones are merged. */
  jsonBody(fields: Readonly<Record<string, unknown>>): void {
    try {
      mergeJson(this.json, fields);
    } catch (error) {
      if (error instanceof KeyCollision) throw collision(error.key, 'request_body_json');
      throw error;
    }
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
      case 'body_json':
        return this.jsonBody(names.reduceRight<unknown>((inner, step) => ({ [step]: inner }), value) as Record<string, unknown>);
      default: {
        const never: never = into;
        throw new Error(`unknown place ${String(never)}`);
      }
    }
  }

  /** Ready to be sent. Parameters that the address already holds are not repeated. Throws CONFIG_INVALID, MANIFEST_INVALID. */
  finish(): FinishedRequest {
    const held = this.url.includes('?') ? parametersOf(this.url) : new Map<string, string>();
    const fresh = [...this.query].filter(([name, value]) => held.get(name) !== str(value));
    return { method: this.method, url: addressWith(this.url, toPairs(fresh)), headers: this.headers, body: this.body() };
  }

  private body(): string | undefined {
    if (!WITH_BODY.has(this.method)) return undefined;
    const [hasForm, hasJson] = [this.form.size > 0, Object.keys(this.json).length > 0];
    const raw = this.rawBody === '' ? undefined : this.rawBody;
    if ((raw !== undefined && hasForm) || (hasJson && (raw !== undefined || hasForm)))
      throw new SluiceError('MANIFEST_INVALID', {
        detail: 'the request has more than one body: a text, a form or JSON',
        details: { failure_type: 'system_error' },
      });
    if (hasForm) {
      this.contentType('application/x-www-form-urlencoded');
      return encodePairs(toPairs([...this.form]));
    }
    // An empty object is no body, as in Airbyte.
    if (!hasJson) return raw;
    this.contentType('application/json');
    return stringifyJson(toRecordValue(this.json));
  }

  private contentType(type: string): void {
    if (findHeader(this.headers, 'Content-Type') === undefined) this.headers['Content-Type'] = type;
  }
}

function put(values: Values, name: string, value: unknown, what: string): void {
  if (value === null || value === undefined) return;
  if (values.has(name)) throw collision(name, what);
  values.set(name, value);
}

const collision = (name: string, what: string): SluiceError =>
  new SluiceError('MANIFEST_INVALID', {
    detail: `two parts of the request set "${name}" in ${what}`,
    details: { field: name, failure_type: 'system_error' },
  });

/** A list is a parameter that is repeated. */
const toPairs = (values: readonly (readonly [string, unknown])[]): (readonly [string, string])[] =>
  values.flatMap(([name, value]) =>
    Array.isArray(value)
      ? value.filter((item) => item !== null && item !== undefined).map((item) => [name, str(item)] as const)
      : [[name, str(value)] as const],
  );
