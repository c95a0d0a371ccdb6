import type { JsonPage, RecordPage } from '../../contracts/source.port.js';
import type { Position, SourceRecord } from '../../contracts/stream.js';
import type { Highest } from '../cursors/cursor.js';
import { PageSignal } from '../errors/page-signal.js';
import type { PageToken } from '../paginators/pagination-strategy.js';
import { mergeRecords } from '../http/merge-records.js';
import { pause } from '../../pause/index.js';
import { scopeOf, type Environment, type SliceSpec } from './environment.js';
import { fetchPage, withToken, type Fetched } from './fetch-page.js';
import { PageCourse } from './page-course.js';
import { recordsContent, rowsContent, rowsPath, type PageContent } from './page-content.js';
import { PagesAhead } from './pages-ahead.js';
import type { ReadAll } from './properties.js';
import { readExpanding } from './read-expanding.js';
import { parsePosition } from './read-position.js';
import type { StreamModel } from './stream-model.js';

export interface SliceRequest {
  slice: SliceSpec;
  position: Position | null;
  signal: AbortSignal;
}

/** See Source.read. */
export interface Liberties {
  json: boolean;
  pagesAhead: number;
}

/**
 * The pages of a slice in order. The request for page n+1 starts as soon as page n told its token, before page n is handed out: the network
 * works while the caller does. At most one page is ahead, or `pagesAhead` of them
 * where their tokens can be foreseen.
 */
export function readSlice(model: StreamModel, environment: Environment, request: SliceRequest): AsyncGenerator<RecordPage>;
export function readSlice(
  model: StreamModel,
  environment: Environment,
  request: SliceRequest & Liberties,
): AsyncGenerator<RecordPage | JsonPage>;
export async function* readSlice(
  model: StreamModel,
  environment: Environment,
  { slice, position, signal, json = false, pagesAhead = 1 }: SliceRequest & Partial<Liberties>,
): AsyncGenerator<RecordPage | JsonPage> {
  if (model.retriever.selector.extract.fetchesLists) {
    yield* readExpanding(model, environment, { slice, position, signal, readAll, readSlice });
    return;
  }
  const begin = parsePosition(position);
  // The slice that carries the parents' state: there is nothing to read.
  if (begin.done || slice.parents !== null) return;
  const { retriever, cursor, transformations } = model;
  const { paginator, selector } = retriever;
  const scope = scopeOf(environment.config, environment.now(), slice);
  const observer = cursor?.observer(scope, begin.highest, retriever.partitioned) ?? null;
  const { window } = slice;
  const keeps = window?.low === undefined ? null : (cursor?.keeps(window, { ...scope, nowMs: environment.now() }) ?? null);
  const feed = cursor?.dataFeed === true ? keeps : null;
  // A feed is filtered behind the paginator, which looks at the last record; that it is filtered at all decides when records are transformed.
  const keep = cursor?.clientSide !== true ? undefined : feed === null ? (keeps ?? undefined) : () => true;
  // Even where nothing is cast: Airbyte asks the source for the schema before it reads, and a source that cannot tell fails the stream.
  const schema = await environment.schemaOf(model, signal);
  const refinement = { transformations, schema, keep };
  const path = json ? rowsPath(model) : null;
  const course = new PageCourse(model, environment, slice, begin);
  // Ends the request that is ahead when the caller stops reading.
  const leaving = new AbortController();
  const both = AbortSignal.any([signal, leaving.signal]);
  const start = (
    token: PageToken | null,
    ends: AbortSignal,
    resumed = false,
  ): { scope: typeof scope; page: Promise<Fetched> } => {
    const part = course.slice;
    const of = part === slice ? scope : scopeOf(environment.config, environment.now(), part);
    const { pageSize } = course;
    const page = fetchPage(model, environment, {
      ...{ slice: part, scope: of, token, pageSize, resumed, readAll, path },
      signal: ends,
    });
    // It is awaited in the next round; until then a failure must not count as unhandled.
    page.catch(() => undefined);
    return { scope: of, page };
  };
  const further = new PagesAhead(
    (token) => (course.isStraight ? (paginator.foresee?.(token, scope) ?? null) : null),
    (token, ends) => start(token, AbortSignal.any([both, ends])),
    pagesAhead,
  );
  const fetch = (resumed = false): ReturnType<typeof start> => {
    const page = further.take(course.token) ?? start(course.token, both, resumed);
    further.fill(course.token);
    return page;
  };
  let handedMs = performance.now();
  const highest = (): Highest => observer?.highest() ?? { text: null, zone: 0, greatest: null };
  let ahead: ReturnType<typeof fetch> | null = fetch(begin.token !== null);
  try {
    while (ahead !== null) {
      const { token, pageSize } = course;
      const asked = withToken(ahead.scope, token);
      const waitsMs = performance.now();
      const fetched: Fetched | PageSignal = await ahead.page.catch(orSignal);
      signal.throwIfAborted();
      if (fetched instanceof PageSignal) {
        further.abandon();
        await (environment.sleep ?? pause)(course.react(fetched, highest().text), both);
        ahead = fetch();
        continue;
      }
      const { answer, parts, rows, bytes, requests } = fetched;
      further.cameAfter({ waitedMs: performance.now() - waitsMs, workedMs: waitsMs - handedMs, bytes });
      let content: PageContent;
      if (rows !== null) content = rowsContent(rows, cursor?.field(scope) ?? '');
      else {
        const refined = parts.map(({ records }) => selector.refine(records, asked, refinement));
        const records = merged(refined, model);
        content = recordsContent(records, feed === null ? records : records.filter(feed));
      }
      const observe = (): void => {
        if (observer !== null) content.observe(observer);
      };
      // Where the highest value decides what to ask for, it has to be known first.
      if (course.limited) observe();
      const { last: lastRecord, count: kept } = content;
      // Behind the oldest record that is wanted a feed has nothing more.
      const behind = feed !== null && lastRecord !== undefined && !feed(lastRecord);
      const extracted = parts.at(-1)?.count ?? 0;
      let more: boolean;
      if (answer === null) more = course.leavePart();
      else {
        const next = behind ? null : paginator.next({ answer, extracted, kept, lastRecord, token, pageSize, scope: asked });
        more = course.advance(next, { records: kept, highest: course.limited ? highest().text : null });
      }
      ahead = more ? fetch() : null;
      handedMs = performance.now();
      if (!course.limited) observe();
      const warnings = parts.flatMap((part) => part.warnings ?? []);
      yield { ...content.body, position: course.position(highest()), bytes, requests, ...(warnings.length > 0 && { warnings }) };
    }
  } finally {
    leaving.abort(new Error('the reader stopped'));
  }
}

function orSignal(error: unknown): PageSignal {
  if (error instanceof PageSignal) return error;
  throw error;
}

/** The records of a page, from one request or several. */
function merged(parts: readonly SourceRecord[][], { retriever }: StreamModel): SourceRecord[] {
  const [first = []] = parts;
  const chunking = retriever.requester.properties?.chunking ?? null;
  if (chunking !== null) return mergeRecords(parts, chunking.key);
  return parts.length === 1 ? first : parts.flat();
}

/** Everything that a stream without partitions and windows has. */
const readAll: ReadAll = (model, environment, signal) =>
  readSlice(model, environment, {
    slice: { partition: { values: {}, extra: {} }, window: null, global: false, parents: null },
    position: null,
    signal,
  });
