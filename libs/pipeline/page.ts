import type { Page } from '../contracts/source.port.js';
import type { SourceRecord } from '../contracts/stream.js';

export function rowsOf(page: Page): number {
  if (page.format === 'records') return page.records.length;
  if (page.format === 'copy_lines') return page.lines.length;
  return page.format === 'json' ? page.rows.length : page.rows;
}

/** Of a page that was read without accepting anything else. */
export function recordsOf(page: Page): readonly SourceRecord[] {
  if (page.format !== 'records') throw new Error(`a page of ${page.format} was not asked for`);
  return page.records;
}
