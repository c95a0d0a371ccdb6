import { setTimeout as delay } from 'node:timers/promises';
import type { JsonValue } from '../../libs/contracts/json.js';
import type { SlicePage, Source } from '../../libs/contracts/source.port.js';
import type { Position, Slice } from '../../libs/contracts/stream.js';
import type { SourceCopy } from '../../libs/contracts/verifier.port.js';
import type { Resume } from '../../libs/contracts/write-mode.js';
import { SluiceError } from '../../libs/errors/index.js';

export interface ReadRequest {
  source: Source;
  copy: SourceCopy;
  stream: string;
  incremental: boolean;
  resume: Resume;
  signal: AbortSignal;
}

/** For a provider that says "too often" without saying until when. */
const UNKNOWN_WAIT_MS = 15_000;

/**
 * Reads all of a stream into a copy, a page at a time, as a run without a state would. Where the source's budget is used up it waits: the copy
 * belongs to a session, so that nobody else could go on with it.
 */
export async function readSource({ source, copy, stream, incremental, resume, signal }: ReadRequest): Promise<void> {
  const now = new Date().toISOString();
  let after: JsonValue | null = null;
  do {
    const page: SlicePage = await patiently(signal, nextSlices(source, { stream, state: null, now, incremental, after }));
    for (const slice of page.slices) await readSlice({ source, copy, stream, incremental, resume, signal }, slice);
    after = page.next;
  } while (after !== null);
}

const nextSlices = (source: Source, request: Parameters<Source['slices']>[0]) => (): Promise<SlicePage> => source.slices(request);

/** Goes on from the last position after a wait, where a position can be trusted; else the slice is read again. */
async function readSlice({ source, copy, stream, resume, signal }: ReadRequest, slice: Slice): Promise<void> {
  const first = copy.records;
  let position: Position | null = null;
  /** Records up to `position`. */
  let kept = first;
  await patiently(signal, async () => {
    if (resume !== 'exact') [position, kept] = [null, first];
    if (copy.records > kept) await copy.forgetAfter(kept);
    for await (const page of source.read({ stream, slice, position, signal })) {
      if (page.format !== 'records') throw new SluiceError('INTERNAL', { detail: 'a source gave pages that nobody asked for' });
      await copy.write(page);
      if (page.position !== null) [position, kept] = [page.position, copy.records];
    }
  });
}

async function patiently<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (;;)
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SluiceError) || error.kind !== 'rate_limited') throw error;
      await delay(Math.max(0, (error.retryAt ?? Date.now() + UNKNOWN_WAIT_MS) - Date.now()), undefined, { signal });
    }
}
