import { SluiceError } from '../../errors/index.js';
import { pathKey, type ChildTable, type Column } from '../../typing/index.js';
import { knownChildTables } from '../children/shape-children.js';
import type { Layout } from '../lanes.js';
import type { Session } from './session.js';
import type { StreamRow } from './stream-row.js';

type Version = Pick<StreamRow, 'id' | 'schemaVersion'>;

/** The layouts that a destination's writers have met: they never change, and a writer would ask once a slice. */
export class LayoutCache {
  private readonly layouts = new Map<string, Layout>();

  async get(session: Session, version: Version): Promise<Layout> {
    const key = `${version.id}:${version.schemaVersion}`;
    const found = this.layouts.get(key) ?? (await readLayout(session, version));
    this.layouts.set(key, found);
    return found;
  }
}

export async function readLayout(session: Session, version: Version): Promise<Layout> {
  const layout = await findLayout(session, version);
  if (!layout) throw new SluiceError('INTERNAL', { detail: `the stream has no columns of version ${version.schemaVersion}` });
  return layout;
}

/** undefined: of a stream that was never prepared. */
export async function findLayout(session: Session, { id, schemaVersion }: Version): Promise<Layout | undefined> {
  const [layout] = await session.query<{ columns: Column[]; children: ChildTable[] }>(
    'reading the columns',
    'SELECT columns, children FROM sluice.layout WHERE stream_id = $1 AND schema_version = $2',
    [id, schemaVersion],
  );
  return layout;
}

/** Every column that the stream ever had, as it was last: a field that comes back finds its name. */
export async function readKnownColumns(session: Session, streamId: string): Promise<readonly Column[]> {
  const layouts = await session.query<{ columns: Column[] }>(
    'reading the columns',
    'SELECT columns FROM sluice.layout WHERE stream_id = $1 ORDER BY schema_version',
    [streamId],
  );
  return [...new Map(layouts.flatMap(({ columns }) => columns).map((column) => [pathKey(column.path), column])).values()];
}

/** As readKnownColumns, of child tables, in any of the stream's lanes. */
export async function readKnownChildren(session: Session, streamIds: readonly string[]): Promise<readonly ChildTable[]> {
  const layouts = await session.query<{ children: ChildTable[] }>(
    'reading the child tables',
    `SELECT children FROM sluice.layout WHERE stream_id = ANY($1::bigint[]) AND children::text <> '[]' ORDER BY schema_version, stream_id`,
    [streamIds],
  );
  return knownChildTables(layouts.map(({ children }) => children));
}

/** Remembers the columns; a change raises the version, which writers that still know the old one are refused by. */
export async function recordLayout(session: Session, row: Version, { columns, children }: Layout): Promise<number> {
  const last = await findLayout(session, row);
  const isSame = last && JSON.stringify([last.columns, last.children]) === JSON.stringify([columns, children]);
  if (isSame) return row.schemaVersion;
  await session.query(
    'recording the columns',
    'INSERT INTO sluice.layout (stream_id, schema_version, columns, children) VALUES ($1, $2, $3, $4)',
    [row.id, row.schemaVersion + 1, JSON.stringify(columns), JSON.stringify(children)],
  );
  return row.schemaVersion + 1;
}
