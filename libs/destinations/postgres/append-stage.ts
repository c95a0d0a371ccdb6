import type { StreamTarget } from '../../contracts/destination.port.js';
import type { Column } from '../../typing/index.js';
import { ident } from './quote.js';
import { DIGEST, digestedColumns, hasDigests } from '../row-digest.js';
import { DIGESTS } from './row-digest.js';
import { orderColumn, STAGE } from './stage.js';

/** Whether the rows of a mode that only adds them are copied into the table itself: a digest, and the rows of child tables, are made on the way out of a stage. */
export const loadsDirectly = (target: Pick<StreamTarget, 'resume' | 'metadata' | 'childTables'>): boolean =>
  target.resume === 'exact' && !hasDigests(target) && (target.childTables ?? []).length === 0;

/** Adds the stage's lines to the table, in the order in which they were read. `relation`: quoted. Pure. */
export function appendStage(
  target: StreamTarget,
  { relation, columns }: { relation: string; columns: readonly Column[] },
): string {
  const names = columns.map(({ name }) => ident(name));
  const digested = digestedColumns(columns, target);
  const into = digested ? [...names, DIGEST] : names;
  const values = digested ? [...names, DIGESTS.rowDigest(digested, ({ name }) => `s.${ident(name)}`)] : names;
  return `INSERT INTO ${relation} (${into.join(', ')}) SELECT ${values.join(', ')} FROM ${STAGE} s ORDER BY ${ident(orderColumn(columns))}`;
}
