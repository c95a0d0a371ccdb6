import type { RecordPage } from '../../contracts/source.port.js';
import type { Position } from '../../contracts/stream.js';
import { PageSignal } from '../errors/page-signal.js';
import type { PieceDecoding } from '../records/piece-decoding.js';
import type { Environment, SliceSpec } from '../source/environment.js';
import { fetchPage, withToken, type Fetched } from '../source/fetch-page.js';
import { PageCourse } from '../source/page-course.js';
import { parsePosition } from '../source/read-position.js';
import type { StreamModel } from '../source/stream-model.js';
import { pause } from '../../pause/index.js';
import { downloadBatches } from './download-batches.js';
import { markOf, withMark, type DownloadMark } from './download-mark.js';
import { DownloadRecords, type Part } from './download-records.js';

/** Smaller answers are read whole, so that error handlers see what they say. Unpacked that is at most 33 MB: deflate does no more. */
const PIECES_ABOVE_BYTES = 32 * 1024;

export interface DownloadRequest {
  slice: SliceSpec;
  position: Position | null;
  signal: AbortSignal;
}

/**
 * The pages of a download as it arrives, whatever its size. A page inside it has a position that tells how much was read, and a digest of it: who
 * goes on from there downloads again, compares, and skips. Errors: those of readSlice; POSITION_REFUSED where the download is another one.
 */
export async function* readDownload(
  model: StreamModel,
  environment: Environment,
  { decoding, slice, position, signal }: DownloadRequest & { decoding: PieceDecoding },
): AsyncGenerator<RecordPage> {
  const start = parsePosition(position);
  if (start.done) return;
  const { paginator } = model.retriever;
  const found = await DownloadRecords.open(model, environment, { slice, highest: start.highest, signal });
  const course = new PageCourse(model, environment, slice, start);
  let mark = markOf(position);
  let resumed = start.token !== null;
  for (let more = true; more;) {
    const { token, pageSize } = course;
    const scope = withToken(found.scope, token);
    const page = { slice, scope: found.scope, token, pageSize, resumed, readAll: noProperties, signal };
    const fetched = await fetchPage(model, environment, { ...page, piecesAbove: PIECES_ABOVE_BYTES }).catch(orSignal);
    resumed = false;
    if (fetched instanceof PageSignal) {
      await (environment.sleep ?? pause)(course.react(fetched, found.highest().text), signal);
      mark = null;
      continue;
    }
    const { answer } = fetched;
    const seen = { extracted: 0, kept: 0, lastRecord: undefined as unknown, behind: false };
    // A page is handed out when the next one is there: behind the last one another position follows.
    let late: RecordPage | undefined;
    for await (const part of partsOf(fetched, { decoding, from: mark, stream: model.name })) {
      if (late !== undefined) yield late;
      const { count, kept, wanted } = found.of(part, { answer, scope });
      seen.extracted += count;
      seen.kept += kept.length;
      const last = kept.at(-1);
      if (last !== undefined) [seen.lastRecord, seen.behind] = [last, found.isBehind(last)];
      // No position lies behind what was read before the interruption.
      const here = part.mark !== null && part.mark.values > (mark?.values ?? 0) ? part.mark : null;
      late = {
        ...{ format: 'records', records: wanted, bytes: part.bytes, requests: late === undefined ? fetched.requests : 0 },
        ...{ position: here === null ? null : withMark(course.position(found.highest()), here), rereads: true },
      };
    }
    mark = null;
    if (answer === null) more = course.leavePart();
    else {
      const next = seen.behind ? null : paginator.next({ answer, ...seen, token, pageSize, scope });
      more = course.advance(next, { records: seen.kept, highest: null });
    }
    const empty: RecordPage = { format: 'records', records: [], position: null, bytes: 0, requests: fetched.requests };
    yield { ...(late ?? empty), position: course.position(found.highest()), rereads: false };
  }
}

/** A small answer is one part, unless one has to find again where one was in it. */
async function* partsOf(
  { answer, parts, bytes }: Fetched,
  reading: { decoding: PieceDecoding; from: DownloadMark | null; stream: string },
): AsyncGenerator<Part> {
  if (answer === null) return;
  const { pieces, body } = answer.response;
  if (pieces === undefined && reading.from === null) for (const extracted of parts) yield { extracted, bytes, mark: null };
  else yield* downloadBatches(pieces ?? [body], reading);
}

function orSignal(error: unknown): PageSignal {
  if (error instanceof PageSignal) return error;
  throw error;
}

/** Requests that ask for properties in turns are never read in pieces. */
async function* noProperties(): AsyncGenerator<RecordPage> {}
