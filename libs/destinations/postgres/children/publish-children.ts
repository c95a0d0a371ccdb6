import type { StreamTarget } from '../../../contracts/destination.port.js';
import { clearChildren, removeOrphans } from '../../children/family.js';
import { generationTable, GENERATION_SCHEMA, type GenerationRow } from '../generation.js';
import { readLayout } from '../layout.js';
import { qualified } from '../quote.js';
import type { Session } from '../session.js';
import type { StreamRow } from '../stream-row.js';
import { insertChildren } from './child-rows.js';

/**
 * Makes the children of a generation that has just become visible, in the same transaction, as one change of their rows: readers see the old ones until its
 * commit. Of rows that were deleted because a whole read did not see them the children go too.
 */
export async function publishChildren(
  session: Session,
  row: GenerationRow & Pick<StreamRow, 'schemaVersion' | 'reset'>,
  target: StreamTarget,
): Promise<void> {
  const layout = await readLayout(session, row);
  if (layout.children.length === 0) return;
  const family = { target, ...layout };
  const table = qualified(target.namespace, target.table);
  const added = target.mode === 'full_refresh_append' && !row.reset;
  const statements = row.loading
    ? added
      ? insertChildren(family, qualified(GENERATION_SCHEMA, generationTable(row)))
      : [...clearChildren(family), ...insertChildren(family, table)]
    : target.deletes?.missing === 'hard'
      ? removeOrphans(family, table)
      : [];
  if (statements.length > 0) await session.query('publishing child tables', 'SET LOCAL row_security = off');
  for (const statement of statements) await session.query('publishing child tables', statement);
}
