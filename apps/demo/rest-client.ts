/** An answer of the API that is not 2xx: the problem document is in `problem`. */
export class RestError extends Error {
  override readonly name = 'RestError';
  constructor(
    readonly status: number,
    readonly problem: Readonly<Record<string, unknown>>,
  ) {
    super(`${status} ${JSON.stringify(problem)}`);
  }
}

export interface RestAnswer<T> {
  status: number;
  headers: Headers;
  body: T;
}

/** Sluice's REST API as a caller uses it: JSON in, JSON out, a key in the header. */
export class RestClient {
  constructor(
    readonly baseUrl: string,
    private readonly apiKey: string,
  ) {}

  async request<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<RestAnswer<T>> {
    const response = await fetch(new URL(path, this.baseUrl), {
      method,
      headers: {
        authorization: `Bearer ${this.apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed = (text === '' ? {} : JSON.parse(text)) as T;
    if (!response.ok) throw new RestError(response.status, parsed as Record<string, unknown>);
    return { status: response.status, headers: response.headers, body: parsed };
  }

  async get<T>(path: string): Promise<T> {
    return (await this.request<T>('GET', path)).body;
  }

  async post<T>(path: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
    return (await this.request<T>('POST', path, body, headers)).body;
  }
}
