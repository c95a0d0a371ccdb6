import type { JsonPage, RecordPage } from '../../contracts/source.port.js';
import type { SourceRecord } from '../../contracts/stream.js';
import type { JsonRows } from '../../json/index.js';
import type { CursorObserver } from '../cursors/cursor.js';
import type { Scope } from '../manifest/interpolation.js';
import type { StreamModel } from './stream-model.js';

/** What a page holds, as those who read on look at it. */
export interface PageContent {
  readonly count: number;
  readonly last: SourceRecord | undefined;
  /** Shows the records to a cursor's observer. */
  observe(observer: CursorObserver): void;
  readonly body: Pick<RecordPage, 'format' | 'records'> | Pick<JsonPage, 'format' | 'rows'>;
}

/** `wanted`: those of the records that are handed out. */
export const recordsContent = (records: readonly SourceRecord[], wanted = records): PageContent => ({
  count: records.length,
  last: records.at(-1),
  observe: (observer) => {
    for (const record of wanted) observer.observe(record);
  },
  body: { format: 'records', records: wanted },
});

/** `field`: the cursor's. */
export const rowsContent = (rows: JsonRows, field: string): PageContent => ({
  count: rows.length,
  last: rows.length === 0 ? undefined : rows.record(rows.length - 1),
  observe(observer) {
    let before = -1;
    for (const place of rows.column(field)) {
      // Neighbours often share a value.
      if (place < 0 || (before >= 0 && rows.same(place, before))) continue;
      before = place;
      observer.observe({ [field]: rows.value(place) });
    }
  },
  body: { format: 'json', rows },
});

/**
 * Where a page's records stand in its JSON, if nothing at the source looks into them: no filter, transformation or cast, no cursor that drops records, no pages
 * of several requests. null: they have to be parsed. What looks at the answer around them, or at the last record, still can.
 */
export function rowsPath({ retriever, transformations, cursor }: StreamModel): ((scope: Scope) => readonly string[]) | null {
  const { selector, decoder, requester, job } = retriever;
  const untouched =
    transformations.length === 0 &&
    decoder.json !== undefined &&
    requester.properties === null &&
    job === undefined &&
    cursor?.clientSide !== true &&
    cursor?.dataFeed !== true;
  return untouched ? selector.rowsPath : null;
}
