/** One page of a list: `after` is the `seq` of the last row already seen; null: from the beginning. */
export interface PageRequest {
  /** 1..100. */
  limit: number;
  after: number | null;
}

export interface PageResult<T> {
  rows: T[];
  /** Hand back as `after`; null when there is nothing more. */
  next: number | null;
}

/** Lists ask for one row more than wanted, and this cuts it off: whether there is a next page costs no second statement. */
export function toPage<T extends { seq: number }>(rows: T[], limit: number): PageResult<T> {
  const page = rows.slice(0, limit);
  return { rows: page, next: rows.length > limit ? (page.at(-1)?.seq ?? null) : null };
}
