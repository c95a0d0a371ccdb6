import type { StreamTarget } from '../../contracts/stream-ref.js';
import { MANAGED, marksDeleted } from '../../typing/index.js';
import { ident } from '../../postgres/index.js';

/** Whether a row `t` stands for a record that the source has. Pure. */
export function present(target: Pick<StreamTarget, 'mode' | 'deletes'>): string {
  if (target.mode === 'scd2') return `t.${ident(MANAGED.current)}`;
  return marksDeleted(target) ? `t.${ident(MANAGED.deleted)} IS NOT TRUE` : 'true';
}
