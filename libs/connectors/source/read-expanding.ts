import type { RecordPage } from '../../contracts/source.port.js';
import type { Position, SourceRecord } from '../../contracts/stream.js';
import { DownloadRecords } from '../async/download-records.js';
import { PageSignal } from '../errors/page-signal.js';
import { batchesOf } from '../records/extractor.js';
import { pause } from '../../pause/index.js';
import { scopeOf, type Environment, type SliceSpec } from './environment.js';
import { fetchPage, withToken } from './fetch-page.js';
import { listFetcher, type ReadSlice } from './list-fetcher.js';
import { PageCourse } from './page-course.js';
import type { ReadAll } from './properties.js';
import { parsePosition } from './read-position.js';
import type { StreamModel } from './stream-model.js';

interface ExpandingRequest {
  slice: SliceSpec;
  position: Position | null;
  signal: AbortSignal;
  readAll: ReadAll;
  readSlice: ReadSlice;
}

/**
 * The pages of a slice whose records may hold lists that have to be fetched (Extractor.fetchesLists). A page comes in parts, as its lists do, so that it may be of
 * any size; only behind its last part there is a position: who is interrupted asks for the page and its lists once more.
 */
export async function* readExpanding(
  model: StreamModel,
  environment: Environment,
  { slice, position, signal, readAll, readSlice }: ExpandingRequest,
): AsyncGenerator<RecordPage> {
  const begin = parsePosition(position);
  if (begin.done || slice.parents !== null) return;
  const { paginator } = model.retriever;
  const found = await DownloadRecords.open(model, environment, { slice, highest: begin.highest, signal });
  const course = new PageCourse(model, environment, slice, begin);
  // Ends the call that is under way when the caller stops reading.
  const leaving = new AbortController();
  const both = AbortSignal.any([signal, leaving.signal]);
  const fetchList = listFetcher(model, environment, { readSlice, signal: both });
  let resumed = begin.token !== null;
  try {
    for (let more = true; more;) {
      const { token, pageSize, slice: part } = course;
      const scope = part === slice ? found.scope : scopeOf(environment.config, environment.now(), part);
      const asked = withToken(scope, token);
      const page = { slice: part, scope, token, pageSize, resumed, readAll, signal: both };
      const fetched = await fetchPage(model, environment, page).catch(orSignal);
      signal.throwIfAborted();
      resumed = false;
      if (fetched instanceof PageSignal) {
        await (environment.sleep ?? pause)(course.react(fetched, found.highest().text), both);
        continue;
      }
      const { answer } = fetched;
      const seen = { extracted: 0, kept: 0, lastRecord: undefined as SourceRecord | undefined };
      let { bytes, requests } = fetched;
      // One request makes a page: properties are not asked for in turns here.
      const [extracted = NOTHING] = fetched.parts;
      for await (const batch of batchesOf(extracted, fetchList)) {
        const { count, kept, wanted } = found.of({ extracted: batch, bytes: 0, mark: null }, { answer, scope: asked });
        seen.extracted += count;
        seen.kept += kept.length;
        seen.lastRecord = kept.at(-1) ?? seen.lastRecord;
        const { warnings } = batch;
        [bytes, requests] = [bytes + batch.bytes, requests + batch.requests];
        yield { format: 'records', records: wanted, position: null, rereads: true, warnings, bytes, requests };
        [bytes, requests] = [0, 0];
      }
      if (answer === null) more = course.leavePart();
      else {
        const { lastRecord } = seen;
        const behind = lastRecord !== undefined && found.isBehind(lastRecord);
        const next = behind ? null : paginator.next({ answer, ...seen, token, pageSize, scope: asked });
        more = course.advance(next, { records: seen.kept, highest: course.limited ? found.highest().text : null });
      }
      yield { format: 'records', records: [], position: course.position(found.highest()), bytes, requests };
    }
  } finally {
    leaving.abort(new Error('the reader stopped'));
  }
}

const NOTHING = { records: [], count: 0 };

function orSignal(error: unknown): PageSignal {
  if (error instanceof PageSignal) return error;
  throw error;
}
