import type { Random } from '../random.js';
import type { World } from '../world.js';
import { APPENDED, ROWS, TOUCHED } from './subjects.js';

/** What a reader of the overwritten table may see, as `rows/rows of the new revision`. */
export interface Versions {
  old: string;
  new: string;
}

/** Between two loads: new rows everywhere (they follow rows that the first load ended with), and changed ones where the mode takes changes. */
export async function changeShop({ shop }: World, random: Random): Promise<Versions> {
  for (const entity of ['orders', 'order_items'] as const) {
    const from = Math.floor(random.between(1, ROWS - TOUCHED));
    await shop.call('POST', `/shop/_admin/touch?entity=${entity}&from=${from}&to=${from + TOUCHED - 1}&revision=1`);
  }
  for (const [entity, count] of Object.entries(APPENDED))
    await shop.call('POST', `/shop/_admin/append?entity=${entity}&count=${count}`);
  return { old: `${ROWS}/0`, new: `${ROWS + APPENDED.order_items}/${TOUCHED}` };
}
