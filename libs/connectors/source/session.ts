import { CookieJar } from '../http/cookie-jar.js';
import type { Environment } from './environment.js';

/** What the requests of one source remember of each other, in this process. */
export class Session {
  private readonly jars = new Map<object, CookieJar>();
  private readonly lists = new Map<object, Promise<readonly string[]>>();

  constructor(private readonly now: () => number) {}

  /** As in Airbyte every requester has cookies of its own. */
  cookies(requester: object): CookieJar {
    let jar = this.jars.get(requester);
    if (jar === undefined) this.jars.set(requester, (jar = new CookieJar(this.now)));
    return jar;
  }

  /** What `load` yields for `owner`; asked for once, unless that fails. */
  list(owner: object, load: () => Promise<readonly string[]>): Promise<readonly string[]> {
    const known = this.lists.get(owner);
    if (known !== undefined) return known;
    const loading = load();
    this.lists.set(owner, loading);
    loading.catch(() => this.lists.delete(owner));
    return loading;
  }
}

/** By the configuration object, which a source keeps for its life. */
const sessions = new WeakMap<object, Session>();

/** The session of an environment; those that are made from each other share it. */
export function sessionOf({ config, now }: Pick<Environment, 'config' | 'now'>): Session {
  let session = sessions.get(config);
  if (session === undefined) sessions.set(config, (session = new Session(now)));
  return session;
}
