import type { StreamRef, StreamTarget } from '../../../contracts/destination.port.js';
import { SluiceError } from '../../../errors/index.js';
import {
  childRules,
  childTarget,
  childTablesOf,
  grow,
  type ChildTable,
  type Column,
  type Wanted,
} from '../../../typing/index.js';
import { ident, qualified } from '../quote.js';
import type { Session } from '../session.js';
import { hasUniqueIndex, readTable } from '../table-catalog.js';
import { POSTGRES_RULES } from '../table-rules.js';
import { ownTable, shapeTable } from '../target-table.js';

/**
 * Takes the tables of a stream's lists and makes them fit, in the transaction that shapes its own table. `columns`: of that one, as it is now. Errors:
 * TABLE_OWNED, TABLE_SHAPE_CONFLICT, SCHEMA_FROZEN, DESTINATION_UNSUPPORTED.
 */
export async function shapeChildren(
  session: Session,
  {
    ref,
    target,
    columns,
    known,
  }: { ref: StreamRef; target: StreamTarget; columns: readonly Column[]; known: readonly ChildTable[] },
): Promise<readonly ChildTable[]> {
  const shaped: ChildTable[] = [];
  for (const child of childTablesOf(target, { rules: POSTGRES_RULES, columns, known })) {
    await ownTable(session, ref, childTarget(target, child.table));
    shaped.push(await shapeChild(session, target, child, known));
  }
  return shaped;
}

/** As shapeChildren, for a run in progress: with what its records need beyond it. */
export async function growChildren(
  session: Session,
  {
    target,
    columns,
    children,
    known,
    wanted,
  }: {
    target: StreamTarget;
    columns: readonly Column[];
    children: readonly ChildTable[];
    known: readonly ChildTable[];
    wanted: readonly Wanted[];
  },
): Promise<readonly ChildTable[]> {
  // A key that was widened is wider in the children too.
  const own = new Map(childTablesOf(target, { rules: POSTGRES_RULES, columns, known }).map((child) => [child.field, child.own]));
  const grown: ChildTable[] = [];
  for (const child of children) {
    const next = {
      ...child,
      own: own.get(child.field) ?? child.own,
      columns: grow(
        child.columns,
        wanted.filter((want) => want.child === child.field),
        {
          rules: childRules(POSTGRES_RULES.names, child.own),
          known: known.find(({ field }) => field === child.field)?.columns ?? [],
          ...(target.names && { style: target.names }),
        },
      ),
    };
    grown.push(await shapeChild(session, target, next, known));
  }
  return grown;
}

async function shapeChild(
  session: Session,
  target: StreamTarget,
  child: ChildTable,
  known: readonly ChildTable[],
): Promise<ChildTable> {
  const before = known.find(({ field }) => field === child.field);
  const isNew = (await readTable(session, target.namespace, child.table)) === null;
  const columns = await shapeTable(session, {
    target: childTarget(target, child.table),
    columns: [...child.own, ...child.columns],
    known: before === undefined ? [] : [...before.own, ...before.columns],
    digested: [],
    keyed: false,
  });
  const shaped = { ...child, own: columns.slice(0, child.own.length), columns: columns.slice(child.own.length) };
  const own = shaped.own.map(({ name }) => name);
  const relation = qualified(target.namespace, child.table);
  if (isNew) {
    await session.query('shaping a child table', `ALTER TABLE ${relation} ADD PRIMARY KEY (${own.map(ident).join(', ')})`);
    return shaped;
  }
  const table = await readTable(session, target.namespace, child.table);
  if (table && (await hasUniqueIndex(session, table.oid, own))) return shaped;
  const wanted = `CREATE UNIQUE INDEX ON ${relation} (${own.map(ident).join(', ')})`;
  throw new SluiceError('TABLE_SHAPE_CONFLICT', {
    detail: `${target.namespace}.${child.table}: a child table needs a unique index: ${wanted}`,
    details: { table: `${target.namespace}.${child.table}` },
  });
}
