import type { JsonObject } from '../../contracts/json.js';
import type { RecordPage } from '../../contracts/source.port.js';
import type { Position } from '../../contracts/stream.js';
import { isObject } from '../manifest/tree.js';
import type { Scope } from '../manifest/interpolation.js';
import type { Answer } from '../errors/answer.js';
import { sendWithRetries } from '../errors/send.js';
import type { PageToken } from '../paginators/pagination-strategies.component.js';
import type { Extracted } from '../records/extractor.js';
import { scopeOf, type Environment, type SliceSpec } from './environment.js';
import type { StreamModel } from './stream-model.js';

/** Where a reader was: the next page's token (absent: the first page), the end, and the highest cursor value so far. */
interface ReadPosition {
  token: PageToken | null;
  done: boolean;
  highest: string | null;
}

export function parsePosition(position: Position | null): ReadPosition {
  const fields: JsonObject = isObject(position) ? position : {};
  return {
    token: (fields['t'] ?? null) as PageToken | null,
    done: fields['d'] === true,
    highest: typeof fields['h'] === 'string' ? fields['h'] : null,
  };
}

const formatPosition = ({ token, done, highest }: ReadPosition): Position => ({
  ...(token === null ? {} : { t: token }),
  ...(done ? { d: true } : {}),
  ...(highest === null ? {} : { h: highest }),
});

/** Where another part of the same slice begins: what the parts before it reached is kept. */
export const partBeginning = (position: Position | null): Position =>
  formatPosition({ token: null, done: false, highest: parsePosition(position).highest });

interface Fetched {
  answer: Answer;
  extracted: Extracted;
}

/**
 * The pages of a slice in order. The request for page n+1 starts as soon as page n told its token, before page n is handed out: the network
 * works while the caller does. At most one page is ahead.
 */
export async function* readSlice(
  model: StreamModel,
  environment: Environment,
  { slice, position, signal }: { slice: SliceSpec; position: Position | null; signal: AbortSignal },
): AsyncGenerator<RecordPage> {
  const start = parsePosition(position);
  // The slice that carries the parents' state: there is nothing to read.
  if (start.done || slice.parents !== null) return;
  const { retriever, cursor, transformations } = model;
  const { paginator, selector } = retriever;
  const scope = scopeOf(environment.config, environment.now(), slice);
  const observer = cursor?.observer(scope, start.highest) ?? null;
  const { window } = slice;
  const keeps = window?.low === undefined ? null : (cursor?.keeps(window, { ...scope, nowMs: environment.now() }) ?? null);
  const feed = cursor?.dataFeed === true ? keeps : null;
  // A feed is filtered behind the paginator, which looks at the last record; that it is filtered at all decides when records are transformed.
  const keep = cursor?.clientSide !== true ? undefined : feed === null ? (keeps ?? undefined) : () => true;
  const schema = selector.normalizes ? await environment.schemaOf(model, signal) : null;
  const refinement = { transformations, schema, keep };
  // Ends the request that is ahead when the caller stops reading.
  const leaving = new AbortController();
  const fetching = { signal: AbortSignal.any([signal, leaving.signal]), slice, scope };
  let token = start.token ?? paginator.first(scope);
  let ahead: Promise<Fetched | null> | null = fetchPage(model, environment, {
    ...fetching,
    token,
    resumed: start.token !== null,
  });
  try {
    while (ahead !== null) {
      const fetched: Fetched | null = await ahead;
      signal.throwIfAborted();
      // The error handler said IGNORE: the slice ends here, without this page.
      if (fetched === null) return;
      const { answer, extracted }: Fetched = fetched;
      const pageScope = withToken(scope, token);
      const records = selector.refine(extracted.records, pageScope, refinement);
      const newest = records.at(-1);
      // Behind the oldest record that is wanted a feed has nothing more.
      const behind = feed !== null && newest !== undefined && !feed(newest);
      const next = behind
        ? null
        : paginator.next({
            answer,
            extracted: extracted.count,
            kept: records.length,
            lastRecord: newest,
            token,
            scope: pageScope,
          });
      ahead = next === null ? null : fetchPage(model, environment, { ...fetching, token: next, resumed: false });
      // It is awaited in the next round; until then a failure must not count as unhandled.
      ahead?.catch(() => undefined);
      token = next;
      const wanted = feed === null ? records : records.filter(feed);
      if (observer !== null) for (const record of wanted) observer.observe(record);
      const reached = { token: next, done: next === null, highest: observer?.highest() ?? null };
      yield {
        format: 'records',
        records: wanted,
        position: formatPosition(reached),
        bytes: answer.response.body.length,
        requests: answer.requests,
      };
    }
  } finally {
    leaving.abort(new Error('the reader stopped'));
  }
}

async function fetchPage(
  model: StreamModel,
  environment: Environment,
  {
    slice,
    scope,
    token,
    signal,
    resumed,
  }: { slice: SliceSpec; scope: Scope; token: PageToken | null; signal: AbortSignal; resumed: boolean },
): Promise<Fetched | null> {
  const { requester, paginator, selector, router, bareNextPages, decoder, job } = model.retriever;
  const { errorHandler: handler, label: request } = requester;
  const current = (): Scope => ({ ...withToken(scope, token), nowMs: environment.now() });
  let extracted: Extracted = { records: [], count: 0 };
  const answer = await sendWithRetries({
    http: environment.http,
    handler,
    decoder,
    label: { stream: model.name, request },
    scope: current,
    signal,
    resumed: resumed && paginator.resume === 'exact',
    maxTries: environment.maxTries,
    async draft() {
      const now = current();
      const draft = await requester.draft(now, paginator.address(token), { ...environment, stream: model.name, signal });
      paginator.inject(draft, token, now);
      if (job === undefined && (token === null || !bareNextPages)) {
        const values = { ...slice.partition.values, ...slice.window?.values };
        router.inject(draft, values, now);
        model.cursor?.inject(draft, values, now);
      }
      return draft;
    },
    verify(found) {
      extracted = selector.extract(found, current());
    },
  });
  return answer === null ? null : { answer, extracted };
}

/** In requests the token is an object under its own name, as in Airbyte; the object is absent on the first page. */
const withToken = (scope: Scope, token: PageToken | null): Scope =>
  token === null ? scope : { ...scope, names: { ...scope.names, next_page_token: { next_page_token: token } } };
