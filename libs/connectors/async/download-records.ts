import type { SourceRecord } from '../../contracts/stream.js';
import type { CursorObserver, Highest } from '../cursors/cursor.js';
import type { Answer } from '../errors/answer.js';
import type { Scope } from '../manifest/interpolation.js';
import { counted, type Extracted } from '../records/extractor.js';
import type { Refinement } from '../records/record-selector.component.js';
import { scopeOf, type Environment, type SliceSpec } from '../source/environment.js';
import type { StreamModel } from '../source/stream-model.js';
import type { Batch } from './download-batches.js';
import type { DownloadMark } from './download-mark.js';

/** A part of a download: values as they were decoded, or what was taken out of a small answer already. */
export type Part = Batch | { extracted: Extracted; bytes: number; mark: DownloadMark | null };

export interface PartRecords {
  /** Extracted, for paginators. */
  count: number;
  /** After filtering. */
  kept: readonly SourceRecord[];
  /** Of these what is to be handed out: not what was before the interruption, nor what is older than a feed's state. */
  wanted: readonly SourceRecord[];
}

interface Filters {
  observer: CursorObserver | null;
  refinement: Refinement;
  /** Behind the oldest record that is wanted a feed has nothing more. */
  feed: ((record: SourceRecord) => boolean) | null;
}

/** Makes records of the parts of a slice's downloads, and follows the cursor. */
export class DownloadRecords {
  private constructor(
    private readonly model: StreamModel,
    readonly scope: Scope,
    private readonly filters: Filters,
  ) {}

  static async open(
    model: StreamModel,
    environment: Environment,
    { slice, highest, signal }: { slice: SliceSpec; highest: Highest; signal: AbortSignal },
  ): Promise<DownloadRecords> {
    const { cursor, retriever, transformations } = model;
    const scope = scopeOf(environment.config, environment.now(), slice);
    const { window } = slice;
    const keeps = window?.low === undefined ? null : (cursor?.keeps(window, scope) ?? null);
    const feed = cursor?.dataFeed === true ? keeps : null;
    // As in readSlice: a feed is filtered behind the paginator.
    const keep = cursor?.clientSide !== true ? undefined : feed === null ? (keeps ?? undefined) : () => true;
    const schema = await environment.schemaOf(model, signal);
    const observer = cursor?.observer(scope, highest, retriever.partitioned) ?? null;
    return new DownloadRecords(model, scope, { observer, feed, refinement: { transformations, schema, keep } });
  }

  of(part: Part, from: { answer: Answer | null; scope: Scope }): PartRecords {
    if ('extracted' in part) return this.refine(part.extracted, from.scope);
    const [before, now] = [part.values.slice(0, part.seen), part.seen === 0 ? part.values : part.values.slice(part.seen)];
    const again = before.length === 0 ? null : this.refine(this.extract(before, from), from.scope);
    const fresh = this.refine(this.extract(now, from), from.scope);
    if (again === null) return fresh;
    return { count: again.count + fresh.count, kept: [...again.kept, ...fresh.kept], wanted: fresh.wanted };
  }

  isBehind(record: SourceRecord): boolean {
    const { feed } = this.filters;
    return feed !== null && !feed(record);
  }

  highest(): Highest {
    return this.filters.observer?.highest() ?? { text: null, zone: 0, greatest: null };
  }

  private extract(values: readonly unknown[], { answer, scope }: { answer: Answer | null; scope: Scope }): Extracted {
    const { extract } = this.model.retriever.selector;
    if (answer === null || extract.inPieces !== undefined) return counted(values);
    const { headers } = answer.response;
    const misshapen = answer.misshapen.bind(answer);
    return extract({ bodies: () => values, response: { body: Buffer.alloc(0), headers }, misshapen }, scope);
  }

  private refine({ records, count }: Extracted, scope: Scope): PartRecords {
    const { feed, observer, refinement } = this.filters;
    const kept = this.model.retriever.selector.refine(records, scope, refinement);
    const wanted = feed === null ? kept : kept.filter(feed);
    if (observer !== null) for (const record of wanted) observer.observe(record);
    return { count, kept, wanted };
  }
}
