import { z } from 'zod';

/** Query of every list: at most `limit` items, from where the last page's `next_cursor` points. */
export const pageQuerySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50).describe('Items a page.'),
  cursor: z.string().min(1).max(500).optional().describe('`next_cursor` of the page before.'),
});
export type PageQuery = z.output<typeof pageQuerySchema>;

/** Answer of every list. `next_cursor` is null on the last page. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    data: z.array(item),
    next_cursor: z.string().nullable().describe('Send it as `cursor` for the next page; null: this is the last one.'),
  });
export interface Page<Item> {
  data: Item[];
  next_cursor: string | null;
}
