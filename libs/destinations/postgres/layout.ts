import { SluiceError } from '../../errors/index.js';
import { pathKey, type Column } from '../../typing/index.js';
import type { Session } from './session.js';
import type { StreamRow } from './stream-row.js';

type Version = Pick<StreamRow, 'id' | 'schemaVersion'>;

/** The layouts that a destination's writers have met: they never change, and a writer would ask once a slice. */
export class LayoutCache {
  private readonly layouts = new Map<string, readonly Column[]>();

  async get(session: Session, version: Version): Promise<readonly Column[]> {
    const key = `${version.id}:${version.schemaVersion}`;
    const found = this.layouts.get(key) ?? (await readLayout(session, version));
    this.layouts.set(key, found);
    return found;
  }
}

/** The stream's columns at a schema version. */
export async function readLayout(session: Session, { id, schemaVersion }: Version): Promise<readonly Column[]> {
  const [layout] = await session.query<{ columns: Column[] }>(
    'reading the columns',
    'SELECT columns FROM sluice.layout WHERE stream_id = $1 AND schema_version = $2',
    [id, schemaVersion],
  );
  if (!layout) throw new SluiceError('INTERNAL', { detail: `the stream has no columns of version ${schemaVersion}` });
  return layout.columns;
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

/** Remembers the columns; a change raises the version, which writers that still know the old one are refused by. */
export async function recordLayout(session: Session, row: Version, columns: readonly Column[]): Promise<number> {
  const what = 'recording the columns';
  const [last] = await session.query<{ columns: Column[] }>(
    what,
    'SELECT columns FROM sluice.layout WHERE stream_id = $1 AND schema_version = $2',
    [row.id, row.schemaVersion],
  );
  if (last && JSON.stringify(last.columns) === JSON.stringify(columns)) return row.schemaVersion;
  await session.query(what, 'INSERT INTO sluice.layout (stream_id, schema_version, columns) VALUES ($1, $2, $3)', [
    row.id,
    row.schemaVersion + 1,
    JSON.stringify(columns),
  ]);
  return row.schemaVersion + 1;
}
