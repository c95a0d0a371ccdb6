import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readStackFile, resolveHome } from '../../libs/stack/index.js';
import { InputError } from './connector/input-error.js';

/** The REST API as the command line calls it. */
export class ApiClient {
  private constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  /** From SLUICE_URL and SLUICE_API_KEY, else of the stack that is up. Errors: InputError. */
  static fromEnvironment(given: string | undefined): ApiClient {
    const url = given ?? process.env['SLUICE_URL'];
    const key = process.env['SLUICE_API_KEY'];
    if (url !== undefined && key !== undefined) return new ApiClient(url, key);
    const home = resolveHome();
    const api = readStackFile(home)?.services.find(({ name }) => name === 'api');
    if (url === undefined && api === undefined)
      throw new InputError(`Nothing is up in ${home}: set SLUICE_URL and SLUICE_API_KEY, or start a stack (bin/sluice up).`);
    return new ApiClient(url ?? api?.address ?? '', key ?? storedKey(home));
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(new URL(path, this.url), {
      method,
      headers: { authorization: `Bearer ${this.key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw new InputError(`The API at ${this.url} does not answer: ${error instanceof Error ? error.message : String(error)}`);
    });
    const answer = (await response.json()) as T & { code?: string; detail?: string; title?: string; next?: string };
    if (!response.ok)
      throw new InputError([`${answer.code}: ${answer.title}`, answer.detail, answer.next].filter(Boolean).join('. '));
    return answer;
  }
}

function storedKey(home: string): string {
  try {
    return readFileSync(join(home, 'api-key'), 'utf8').trim();
  } catch {
    throw new InputError('Set SLUICE_API_KEY to a key of the API.');
  }
}
