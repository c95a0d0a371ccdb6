import { Inject, Injectable } from '@nestjs/common';
import type { ConnectorVersionsView } from '../../../libs/contracts/connector.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import {
  listAnnouncements,
  listConnectorVersions,
  type AnnouncementRow,
  type ConnectorVersionRow,
  type Pool,
} from '../../../libs/store/index.js';
import { POOL } from '../core/tokens.js';

const MOST = { versions: 50, announcements: 1_000 };

/** Which versions of a provider's API a connector was written for, and what the provider says of their end. */
@Injectable()
export class ConnectorVersions {
  constructor(@Inject(POOL) private readonly pool: Pool) {}

  /** Errors: NOT_FOUND. */
  async get({ workspaceId, name }: { workspaceId: string; name: string }): Promise<ConnectorVersionsView> {
    const versions = await listConnectorVersions(this.pool, { workspaceId, name, limit: MOST.versions });
    if (versions.length === 0) throw new SluiceError('NOT_FOUND', { detail: `there is no connector "${name}"` });
    const heard = await listAnnouncements(this.pool, { workspaceId, connector: name, limit: MOST.announcements });
    return {
      versions: versions.map(versionView),
      announcements: heard.slice(0, MOST.announcements).map(announcementView),
      complete: heard.length <= MOST.announcements,
    };
  }
}

function versionView({ hash, createdAt, current, apiVersion, retirementsUrl }: ConnectorVersionRow) {
  const declared = typeof apiVersion === 'string' ? { version: apiVersion } : apiVersion;
  return {
    ...{ version: hash, created_at: createdAt.toISOString(), current, retirements_url: retirementsUrl },
    api_version: declared === null ? null : { in: null, name: null, ...declared },
  };
}

const announcementView = (row: AnnouncementRow): ConnectorVersionsView['announcements'][number] => ({
  ...{ connection_id: row.connectionId, operation: { kind: row.kind, name: row.operation }, host: row.host },
  ...{ deprecated: row.deprecated, deprecated_at: row.deprecatedAt?.toISOString() ?? null },
  sunset_at: row.sunsetAt?.toISOString() ?? null,
  ...{ deprecation_link: row.deprecationLink, sunset_link: row.sunsetLink },
  ...{ first_seen_at: row.firstSeenAt.toISOString(), last_seen_at: row.lastSeenAt.toISOString() },
});
