import type { Page } from '../../libs/contracts/source.port.js';
import { SAMPLE_RECORDS } from '../../libs/drift/index.js';

/** The first records of a page. Rows of a database come as its catalog says, and are not looked at; of a JSON text no other record is parsed. */
export function sampleOf(page: Page): readonly unknown[] {
  switch (page.format) {
    case 'records':
      return page.records.slice(0, SAMPLE_RECORDS);
    case 'json':
      return Array.from({ length: Math.min(page.rows.length, SAMPLE_RECORDS) }, (_, row) => page.rows.record(row));
    case 'copy_text':
    case 'copy_binary':
    case 'copy_lines':
      return [];
    default: {
      const never: never = page;
      throw new Error(`unknown page ${String(never)}`);
    }
  }
}
