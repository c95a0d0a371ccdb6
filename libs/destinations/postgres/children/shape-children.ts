import type { StreamRef, StreamTarget } from '../../../contracts/destination.port.js';
import { SluiceError } from '../../../errors/index.js';
import type { Column } from '../../../typing/index.js';
import type { ChildShaper } from '../../children/shape-children.js';
import { ident, qualified } from '../quote.js';
import type { Session } from '../session.js';
import { hasUniqueIndex, readTable } from '../table-catalog.js';
import { POSTGRES_RULES } from '../table-rules.js';
import { ownTable, shapeTable } from '../target-table.js';
import { refillChildren } from './child-rows.js';
import { listsOfTable } from './element-value.js';

const WHAT = 'shaping a child table';

/** See ChildShaper: a child table has a unique index over what names its rows. */
export const childShaper = (session: Session, ref: StreamRef): ChildShaper => ({
  rules: POSTGRES_RULES,
  own: (table) => ownTable(session, ref, table),
  shape: (request) => shapeChild(session, request),
  refill: async (family, child) => {
    await session.query(WHAT, 'SET LOCAL row_security = off'); // rows that a policy would hide must fail the statement
    await session.query(WHAT, refillChildren({ ...family, children: [child] }, child, await listsOfTable(session)));
  },
});

async function shapeChild(
  session: Session,
  { target, columns, known, own }: { target: StreamTarget; columns: readonly Column[]; known: readonly Column[]; own: number },
): Promise<readonly Column[]> {
  const isNew = (await readTable(session, target.namespace, target.table)) === null;
  const shaped = await shapeTable(session, { target, columns, known, digested: [], keyed: false });
  const names = shaped.slice(0, own).map(({ name }) => name);
  const relation = qualified(target.namespace, target.table);
  if (isNew) {
    await session.query(WHAT, `ALTER TABLE ${relation} ADD PRIMARY KEY (${names.map(ident).join(', ')})`);
    return shaped;
  }
  const table = await readTable(session, target.namespace, target.table);
  if (table && (await hasUniqueIndex(session, table.oid, names))) return shaped;
  const wanted = `CREATE UNIQUE INDEX ON ${relation} (${names.map(ident).join(', ')})`;
  throw new SluiceError('TABLE_SHAPE_CONFLICT', {
    detail: `${target.namespace}.${target.table}: a child table needs a unique index: ${wanted}`,
    details: { table: `${target.namespace}.${target.table}` },
  });
}
