import { SluiceError } from '../../errors/index.js';
import { pathKey, type ChildTable, type Column } from '../../typing/index.js';
import { knownChildTables } from '../children/shape-children.js';
import type { Layout } from '../lanes.js';
import type { Session } from './session.js';
import type { StreamRow } from './stream-row.js';

type Version = Pick<StreamRow, 'id' | 'schemaVersion'>;

interface LayoutRow {
  columns: string;
  children: string;
}

const parse = ({ columns, children }: LayoutRow): Layout => ({
  columns: JSON.parse(columns) as Column[],
  children: JSON.parse(children) as ChildTable[],
});

export async function readLayout(session: Session, version: Version): Promise<Layout> {
  const layout = await findLayout(session, version);
  if (layout === null)
    throw new SluiceError('INTERNAL', { detail: `the stream has no columns of version ${version.schemaVersion}` });
  return layout;
}

/** null: of a stream that was never prepared. */
export async function findLayout(session: Session, { id, schemaVersion }: Version): Promise<Layout | null> {
  const [layout] = await session.query<LayoutRow>(
    'reading the columns',
    'SELECT columns, children FROM sluice.layout WHERE stream_id = $1::BIGINT AND schema_version = $2',
    [id, schemaVersion],
  );
  return layout === undefined ? null : parse(layout);
}

async function layoutsOf(session: Session, id: string): Promise<readonly Layout[]> {
  const rows = await session.query<LayoutRow>(
    'reading the columns',
    'SELECT columns, children FROM sluice.layout WHERE stream_id = $1::BIGINT ORDER BY schema_version',
    [id],
  );
  return rows.map(parse);
}

/** Every column that the stream ever had, as it was last. */
export async function readKnownColumns(session: Session, id: string): Promise<readonly Column[]> {
  const all = (await layoutsOf(session, id)).flatMap(({ columns }) => columns);
  return [...new Map(all.map((column) => [pathKey(column.path), column])).values()];
}

/** As readKnownColumns, of child tables, in any of the stream's lanes. */
export async function readKnownChildren(session: Session, streamIds: readonly string[]): Promise<readonly ChildTable[]> {
  const layouts: (readonly ChildTable[])[] = [];
  for (const id of streamIds) layouts.push(...(await layoutsOf(session, id)).map(({ children }) => children));
  return knownChildTables(layouts);
}

/** Remembers the columns; a change raises the version, which writers that still know the old one are refused by. */
export async function recordLayout(session: Session, row: Version, { columns, children }: Layout): Promise<number> {
  const last = row.schemaVersion > 0 ? await readLayout(session, row) : null;
  if (last !== null && JSON.stringify([last.columns, last.children]) === JSON.stringify([columns, children]))
    return row.schemaVersion;
  await session.query('recording the columns', 'INSERT INTO sluice.layout VALUES ($1::BIGINT, $2, $3, $4)', [
    row.id,
    row.schemaVersion + 1,
    JSON.stringify(columns),
    JSON.stringify(children),
  ]);
  return row.schemaVersion + 1;
}
