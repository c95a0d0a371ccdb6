import type { ShopState } from '../../../apps/demo-shop/generator.js';
import type { Random } from '../random.js';
import type { World } from '../world.js';
import { APPENDED, REMOVED, ROWS, TOUCHED } from './subjects.js';

/** What a reader of a table that changes at once may see, as `rows/rows of the new revision`. */
export interface Versions {
  old: string;
  new: string;
}

/** What happened in the shop between the two loads. */
export interface Change {
  /** The shop as the first load read it. */
  before: ShopState;
  /** Orders with a new revision. */
  touched: { from: number; to: number };
  /** Of the tables under full_refresh_overwrite and full_refresh_append. */
  overwritten: Versions;
  copied: Versions;
}

/** New rows everywhere (they follow rows that the first load ended with), changed ones where the mode takes changes, and some that are gone. */
export async function changeShop({ shop }: World, random: Random): Promise<Change> {
  const before = await shop.state();
  const touch = async (entity: 'orders' | 'order_items'): Promise<{ from: number; to: number }> => {
    const from = Math.floor(random.between(1, ROWS - TOUCHED - REMOVED));
    const to = from + TOUCHED - 1;
    await shop.call('POST', `/shop/_admin/touch?entity=${entity}&from=${from}&to=${to}&revision=1`);
    return { from, to };
  };
  const touched = await touch('orders');
  const items = await touch('order_items');
  await shop.call('POST', `/shop/_admin/remove?entity=order_items&from=${items.to + 1}&to=${items.to + REMOVED}`);
  for (const [entity, count] of Object.entries(APPENDED))
    await shop.call('POST', `/shop/_admin/append?entity=${entity}&count=${count}`);
  const [old, whole] = [`${ROWS}/0`, ROWS + APPENDED.order_items - REMOVED];
  return {
    ...{ before, touched, overwritten: { old, new: `${whole}/${TOUCHED}` } },
    copied: { old, new: `${ROWS + whole}/${TOUCHED}` },
  };
}
