import type { Scope } from '../manifest/interpolation.js';
import { stringifyJson, type JsonRows } from '../../json/index.js';
import { Answer } from '../errors/answer.js';
import { sendWithRetries } from '../errors/send.js';
import type { PageToken } from '../paginators/pagination-strategy.js';
import { CHILD_RESPONSE } from '../partitions/partition.js';
import type { Extracted } from '../records/extractor.js';
import { withExtraFields, type Environment, type SliceSpec } from './environment.js';
import { chunksOf, type ReadAll } from './properties.js';
import { sessionOf } from './session.js';
import type { StreamModel } from './stream-model.js';

/** A page: the answers of all requests that it takes (several where its properties do not fit into one). */
export interface Fetched {
  parts: readonly Extracted[];
  /** Instead of the part's records: nobody has parsed them. */
  rows: JsonRows | null;
  /** Of the last request; null: the error handler said IGNORE, so no page follows. */
  answer: Answer | null;
  /** Repeats included. */
  requests: number;
  bytes: number;
}

export interface PageRequest {
  /** With the window (or the part of it) that is asked for. */
  slice: SliceSpec;
  scope: Scope;
  token: PageToken | null;
  /** Instead of the configured size; null: that. */
  pageSize: number | null;
  signal: AbortSignal;
  resumed: boolean;
  readAll: ReadAll;
  /** See Sending. Of an answer in pieces nothing is extracted here. */
  piecesAbove?: number;
  /** See rowsPath. */
  path?: ((scope: Scope) => readonly string[]) | null;
}

export async function fetchPage(model: StreamModel, environment: Environment, page: PageRequest): Promise<Fetched> {
  const query = model.retriever.requester.properties;
  const scope = withToken(page.scope, page.token);
  if (query === null) return whole([await fetchPart(model, environment, page, scope)]);
  const parts: Part[] = [];
  const { readAll, signal } = page;
  for (const properties of await chunksOf(query, { stream: model.name, environment, readAll, signal }))
    parts.push(await fetchPart(model, environment, page, withProperties(scope, properties)));
  return whole(parts);
}

interface Part {
  answer: Answer | null;
  extracted: Extracted;
  rows: JsonRows | null;
}

const whole = (parts: readonly Part[]): Fetched => ({
  parts: parts.map(({ extracted }) => extracted),
  rows: parts.at(-1)?.rows ?? null,
  answer: parts.at(-1)?.answer ?? null,
  requests: parts.reduce((sum, { answer }) => sum + (answer?.requests ?? 1), 0),
  bytes: parts.reduce((sum, { answer }) => sum + (answer?.response.body.length ?? 0), 0),
});

async function fetchPart(model: StreamModel, environment: Environment, page: PageRequest, scope: Scope): Promise<Part> {
  const { slice, token, pageSize, signal } = page;
  const { requester, paginator, selector, router, bareNextPages, decoder, job } = model.retriever;
  const { errorHandler: handler, label: request, timeoutMs } = requester;
  const jar = sessionOf(environment).cookies(requester);
  const current = (): Scope => ({ ...scope, nowMs: environment.now() });
  const embedded = token === null ? embeddedAnswer(slice) : null;
  if (embedded !== null) return { answer: embedded, extracted: selector.extract(embedded, current()), rows: null };
  let extracted: Extracted = { records: [], count: 0 };
  let rows: JsonRows | null = null;
  const answer = await sendWithRetries({
    http: environment.http,
    handler,
    decoder,
    timeoutMs,
    piecesAbove: page.piecesAbove,
    label: { stream: model.name, request },
    scope: current,
    signal,
    resumed: page.resumed && paginator.resume === 'exact',
    maxTries: environment.maxTries,
    cookies: { attach: (finished) => jar.attach(finished), keep: ({ response }) => jar.keep(response) },
    async draft() {
      const now = current();
      const draft = await requester.draft(now, paginator.address(token), { ...environment, stream: model.name, signal });
      paginator.inject(draft, { token, pageSize }, now);
      if (job === undefined && (token === null || !bareNextPages)) {
        const values = { ...slice.partition.values, ...slice.window?.values };
        router.inject(draft, values, now);
        model.cursor?.inject(draft, values, now);
      }
      return draft;
    },
    verify(found) {
      if (found.response.pieces !== undefined) return;
      const now = current();
      rows = page.path == null ? null : found.rows(page.path(now));
      extracted = rows === null ? selector.extract(found, now) : { records: [], count: rows.length };
    },
  });
  return { answer, extracted, rows };
}

/** The first page of a partition whose parent's record brought it along (`lazy_read_pointer`): as if the source had answered with it. */
function embeddedAnswer({ partition }: SliceSpec): Answer | null {
  if (!Object.hasOwn(partition.extra, CHILD_RESPONSE)) return null;
  const body = Buffer.from(stringifyJson(partition.extra[CHILD_RESPONSE]));
  return new Answer({ status: 200, headers: {}, body, url: 'the parent’s record', bytes: 0 }, 0);
}

/** In requests the token is an object under its own name, as in Airbyte; the object is absent on the first page. */
export const withToken = (scope: Scope, token: PageToken | null): Scope =>
  token === null ? scope : { ...scope, names: { ...scope.names, next_page_token: { next_page_token: token } } };

/** The properties of one request take the place of the slice's other extra fields. */
function withProperties(scope: Scope, properties: readonly string[]): Scope {
  const { stream_slice: slice } = scope.names;
  const values = withExtraFields(slice as Record<string, unknown>, { query_properties: properties });
  return {
    ...scope,
    names: {
      ...scope.names,
      query_properties: properties,
      stream_slice: values,
      stream_interval: values,
      stream_partition: values,
    },
  };
}
