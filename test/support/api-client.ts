export interface Answer {
  status: number;
  headers: Headers;
  /** Parsed where it is JSON, else `{}`; what is not there makes the test's expectation fail. */
  body: Body;
  text: string;
}

/** What tests look at in answers, whatever the resource. */
interface Body {
  [field: string]: unknown;
  id?: string;
  code?: string;
  detail?: string;
  errors?: { path: string; message: string; found?: string; allowed?: string[] }[];
  data: Body[];
  next_cursor?: string | null;
}

/** Calls the REST API as a stranger would; no answer is an error. */
export class ApiClient {
  /** Every answer's text so far, to be searched for what must not be there. */
  seen = '';

  constructor(
    readonly address: string,
    private readonly key: string | null,
  ) {}

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(this.address + path, {
      method,
      headers: {
        ...(this.key === null ? {} : { authorization: `Bearer ${this.key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
    });
    const text = await response.text();
    this.seen += text;
    const json = /json/.test(response.headers.get('content-type') ?? '');
    const parsed = (json && text !== '' ? JSON.parse(text) : {}) as Body;
    return { status: response.status, headers: response.headers, body: parsed, text };
  }

  get(path: string): Promise<Answer> {
    return this.call('GET', path);
  }

  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.call('POST', path, body, headers);
  }

  /** The id of what was made. Throws where the answer is not 201. */
  async created(path: string, body: unknown, headers?: Record<string, string>): Promise<string> {
    const answer = await this.post(path, body, headers);
    if (answer.status !== 201) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
    return answer.body.id ?? '';
  }

  patch(path: string, body: unknown): Promise<Answer> {
    return this.call('PATCH', path, body);
  }

  put(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.call('PUT', path, body, headers);
  }

  delete(path: string): Promise<Answer> {
    return this.call('DELETE', path);
  }
}
