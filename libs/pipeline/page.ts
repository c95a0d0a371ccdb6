import type { Page } from '../contracts/source.port.js';
import type { SourceRecord } from '../contracts/stream.js';

export const rowsOf = (page: Page): number => (page.format === 'records' ? page.records.length : page.rows);

/** Of a page that was read without accepting anything else. */
export function recordsOf(page: Page): readonly SourceRecord[] {
  if (page.format !== 'records') throw new Error(`a page of ${page.format} was not asked for`);
  return page.records;
}
