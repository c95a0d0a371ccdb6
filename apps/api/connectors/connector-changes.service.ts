import { Inject, Injectable } from '@nestjs/common';
import { readSecrets, type ConnectorCatalog, type ConnectorRef } from '../../../libs/connections/index.js';
import type { ConnectorChangesView } from '../../../libs/contracts/connector.schema.js';
import type { JsonObject } from '../../../libs/contracts/json.js';
import type { Catalog } from '../../../libs/contracts/stream.js';
import { SluiceError, type FieldError } from '../../../libs/errors/index.js';
import { joinSecrets, type SecretBox } from '../../../libs/secrets/index.js';
import { findConnection, listConnectorUses, type Pool } from '../../../libs/store/index.js';
import { CATALOG, POOL, SECRETS } from '../core/tokens.js';
import { streamChanges } from './stream-changes.policy.js';

/** Each is opened with both versions. */
const MAX_CONNECTIONS = 200;
const NO_CHANGES: ConnectorChangesView = { streams_added: [], streams_removed: [], connections: [], syncs: [], complete: true };

interface Versions {
  workspaceId: string;
  /** null: there was none. */
  before: ConnectorRef | null;
  after: ConnectorRef;
}

/** What another version of a connector means for what uses it, before or after it is there. Nothing is called and nothing is stored. */
@Injectable()
export class ConnectorChanges {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(SECRETS) private readonly box: SecretBox,
    @Inject(CATALOG) private readonly catalog: ConnectorCatalog,
  ) {}

  async between(versions: Versions): Promise<ConnectorChangesView> {
    const { workspaceId, before, after } = versions;
    const is = this.catalog.describe(after).streams;
    if (before === null) return { ...NO_CHANGES, streams_added: [...is] };
    const was = this.namesOf(before);
    const uses = await listConnectorUses(this.pool, { workspaceId, name: after.name, limit: MAX_CONNECTIONS });
    const looked = [];
    for (const use of uses.slice(0, MAX_CONNECTIONS)) looked.push(await this.ofConnection({ ...versions, before }, use));
    return {
      streams_added: is.filter((name) => !was.includes(name)),
      streams_removed: was.filter((name) => !is.includes(name)),
      connections: looked.flatMap(({ refused }) => refused),
      syncs: looked.flatMap(({ syncs }) => syncs),
      complete: uses.length <= MAX_CONNECTIONS,
    };
  }

  private async ofConnection(
    { workspaceId, before, after }: Versions & { before: ConnectorRef },
    use: Awaited<ReturnType<typeof listConnectorUses>>[number],
  ): Promise<Pick<ConnectorChangesView, 'syncs'> & { refused: ConnectorChangesView['connections'] }> {
    const connection = await findConnection(this.pool, { workspaceId, id: use.connectionId });
    if (connection === null) return { refused: [], syncs: [] };
    const config = joinSecrets(connection.config, readSecrets(this.box, connection));
    const [old, next] = [this.outline(before, config), this.outline(after, config)];
    const refused = next.errors.length === 0 ? [] : [{ id: connection.id, name: connection.name, errors: next.errors }];
    if (old.catalog === null || next.catalog === null) return { refused, syncs: [] };
    const catalogs = { before: old.catalog, after: next.catalog };
    const syncs = use.syncs.map(({ id, name, streams }) => ({
      ...{ id, name, connection_id: connection.id },
      streams: streamChanges({ streams, ...catalogs }),
    }));
    return { refused, syncs: syncs.filter(({ streams }) => streams.length > 0) };
  }

  /** A version that is no longer understood tells nothing to compare with. */
  private outline(connector: ConnectorRef, config: JsonObject): { catalog: Catalog | null; errors: FieldErrorView[] } {
    try {
      return { catalog: this.catalog.outline({ connector, config }), errors: [] };
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      const errors = error.errors.length > 0 ? error.errors : [{ path: '', message: error.detail ?? error.message }];
      return { catalog: null, errors: errors.map(fieldErrorView) };
    }
  }

  private namesOf(connector: ConnectorRef): readonly string[] {
    try {
      return this.catalog.describe(connector).streams;
    } catch (error) {
      if (error instanceof SluiceError) return [];
      throw error;
    }
  }
}

type FieldErrorView = ConnectorChangesView['connections'][number]['errors'][number];
/** As answers show them: lists that may be changed. */
export const fieldErrorView = ({ allowed, ...error }: FieldError): FieldErrorView => ({
  ...error,
  ...(allowed === undefined ? {} : { allowed: [...allowed] }),
});
