import type { Announcement } from '../contracts/announcement.port.js';
import type { OperationKind } from '../contracts/call-meter.port.js';
import type { Db } from './database.js';

export interface AnnouncementRow extends Omit<Announcement, 'caller' | 'operation'> {
  connectionId: string;
  kind: OperationKind;
  operation: string;
  firstSeenAt: Date;
  lastSeenAt: Date;
}

/** The newest word of an operation takes the place of the one before; when it was first heard of stays. */
export async function putAnnouncement(db: Db, { caller, operation, ...said }: Announcement): Promise<void> {
  await db.query(
    `INSERT INTO control.announcement (workspace_id, connection_id, connector, kind, operation, host, deprecated, deprecated_at, sunset_at, deprecation_link, sunset_link)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     ON CONFLICT (connection_id, kind, operation) DO UPDATE SET host = EXCLUDED.host, deprecated = EXCLUDED.deprecated, deprecated_at = EXCLUDED.deprecated_at,
       sunset_at = EXCLUDED.sunset_at, deprecation_link = EXCLUDED.deprecation_link, sunset_link = EXCLUDED.sunset_link, last_seen_at = now()`,
    [
      ...[caller.workspaceId, caller.connectionId, caller.connector, operation.kind, operation.name, said.host],
      ...[said.deprecated, said.deprecatedAt, said.sunsetAt, said.deprecationLink, said.sunsetLink],
    ],
  );
}

/** Of all connections of a connector, the nearest end first. At most limit + 1. */
export async function listAnnouncements(
  db: Db,
  request: { workspaceId: string; connector: string; limit: number },
): Promise<AnnouncementRow[]> {
  const { rows } = await db.query<AnnouncementRow>(
    `SELECT connection_id AS "connectionId", kind, operation, host, deprecated, deprecated_at AS "deprecatedAt", sunset_at AS "sunsetAt",
            deprecation_link AS "deprecationLink", sunset_link AS "sunsetLink", first_seen_at AS "firstSeenAt", last_seen_at AS "lastSeenAt"
     FROM control.announcement WHERE workspace_id = $1 AND connector = $2
     ORDER BY sunset_at NULLS LAST, kind, operation, connection_id LIMIT $3`,
    [request.workspaceId, request.connector, request.limit + 1],
  );
  return rows;
}
