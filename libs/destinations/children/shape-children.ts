import type { StreamTarget } from '../../contracts/destination.port.js';
import type { Family } from './family.js';
import {
  childRules,
  childTablesOf,
  childTarget,
  grow,
  pathKey,
  type ChildTable,
  type Column,
  type TableRules,
  type Wanted,
} from '../../typing/index.js';

/** How a destination makes tables fit, in the transaction that shapes the stream's own one. */
export interface ChildShaper {
  rules: TableRules;
  /** Takes a table for the stream. Errors: TABLE_OWNED. */
  own(table: StreamTarget): Promise<void>;
  /**
   * Makes a child table have these columns, the first `own` of which name a row, and returns them as they are there. Errors: TABLE_SHAPE_CONFLICT,
   * SCHEMA_FROZEN.
   */
  shape(request: {
    target: StreamTarget;
    columns: readonly Column[];
    /** What the stream made of the table earlier. */
    known: readonly Column[];
    own: number;
  }): Promise<readonly Column[]>;
  /** Makes the columns of a child table, in the rows that it has, what the lists of the stream's own table say. `child`: with these columns only. */
  refill(family: Pick<Family, 'target' | 'columns'>, child: ChildTable): Promise<void>;
}

interface Shaping {
  target: StreamTarget;
  /** Of the stream's own table, as it is now. */
  columns: readonly Column[];
  /** Child tables that the stream has or had. */
  known: readonly ChildTable[];
  /** Those of the layout that the stream has now; none: it was never loaded. */
  present: readonly ChildTable[];
}

/** Takes the tables of a stream's lists and makes them fit. Errors: those of the shaper, DESTINATION_UNSUPPORTED. */
export async function shapeChildren(
  shaper: ChildShaper,
  { target, columns, known, present }: Shaping,
): Promise<readonly ChildTable[]> {
  const shaped: ChildTable[] = [];
  for (const child of childTablesOf(target, { rules: shaper.rules, columns, known })) {
    await shaper.own(childTarget(target, child.table));
    shaped.push(await shapeChild(shaper, { target, columns, known, present }, child));
  }
  return shaped;
}

/** As shapeChildren, for a run in progress: with what its records need beyond it. */
export async function growChildren(
  shaper: ChildShaper,
  { target, columns, present, known, wanted }: Shaping & { wanted: readonly Wanted[] },
): Promise<readonly ChildTable[]> {
  const { rules } = shaper;
  // A key that was widened is wider in the children too.
  const own = new Map(childTablesOf(target, { rules, columns, known }).map((child) => [child.field, child.own]));
  const grown: ChildTable[] = [];
  for (const child of present) {
    const next = {
      ...child,
      own: own.get(child.field) ?? child.own,
      columns: grow(
        child.columns,
        wanted.filter((want) => want.child === child.field),
        {
          rules: childRules(rules.names, child.own),
          known: known.find(({ field }) => field === child.field)?.columns ?? [],
          ...(target.names && { style: target.names }),
        },
      ),
    };
    grown.push(await shapeChild(shaper, { target, columns, known, present }, next));
  }
  return grown;
}

async function shapeChild(
  shaper: ChildShaper,
  { target, columns: parent, known, present }: Shaping,
  child: ChildTable,
): Promise<ChildTable> {
  const ofField = ({ field }: ChildTable): boolean => field === child.field;
  const before = known.find(ofField);
  const columns = await shaper.shape({
    target: childTarget(target, child.table),
    columns: [...child.own, ...child.columns],
    known: before === undefined ? [] : [...before.own, ...before.columns],
    own: child.own.length,
  });
  const shaped = { ...child, own: columns.slice(0, child.own.length), columns: columns.slice(child.own.length) };
  const rewritten = rewrittenColumns({ known: before?.columns ?? [], present: present.find(ofField)?.columns }, shaped.columns);
  if (rewritten.length > 0) await shaper.refill({ target, columns: parent }, { ...shaped, columns: rewritten });
  return shaped;
}

/**
 * Columns whose rows are to be made of the lists anew. Those that were widened to texts or JSON: what the table makes of a value (a time in UTC, a number
 * without its sign) is not always what the list has, which rows that come now are given; numbers and days stay what they are in a wider type. And those that
 * come back: nobody wrote them while the stream was without, whatever became of the lists. Pure.
 */
function rewrittenColumns(
  { known, present }: { known: readonly Column[]; present: readonly Column[] | undefined },
  after: readonly Column[],
): readonly Column[] {
  const types = new Map(known.map((column) => [pathKey(column.path), column]));
  const there = present && new Set(present.map(({ path }) => pathKey(path)));
  return after.filter(({ path, type, theirs }) => {
    const old = types.get(pathKey(path));
    if (old === undefined || theirs === true) return false;
    if (there?.has(pathKey(path)) === false) return true;
    return old.provisional !== true && old.type !== type && (type === 'text' || type === 'jsonb');
  });
}

/** Every child table that a stream has or had, of its layouts from the oldest to the newest. Pure. */
export function knownChildTables(layouts: readonly (readonly ChildTable[])[]): readonly ChildTable[] {
  const known = new Map<string, ChildTable>();
  for (const child of layouts.flat()) {
    const columns = [...(known.get(child.field)?.columns ?? []), ...child.columns];
    known.set(child.field, { ...child, columns: [...new Map(columns.map((column) => [pathKey(column.path), column])).values()] });
  }
  return [...known.values()];
}
