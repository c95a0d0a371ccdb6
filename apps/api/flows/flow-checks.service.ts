import { Inject, Injectable } from '@nestjs/common';
import type { ConnectorCatalog } from '../../../libs/connections/index.js';
import { schemaProblem } from '../../../libs/connectors/index.js';
import type { ActionDescription } from '../../../libs/contracts/action.port.js';
import { flowDefinitionSchema, type FlowDefinition } from '../../../libs/contracts/flow.schema.js';
import type { FieldError } from '../../../libs/errors/index.js';
import { ExpressionSandbox, flowErrors, flowInvalid, parseFlow } from '../../../libs/flows/index.js';
import {
  findConnection,
  findConnectionByName,
  findConnector,
  findSync,
  findSyncByName,
  getSyncVersion,
  type Pool,
  type SyncRow,
} from '../../../libs/store/index.js';
import { CATALOG, POOL } from '../core/tokens.js';
import { toFieldErrors } from '../http/field-errors.js';
import { recordTriggerErrors } from './record-trigger.policy.js';
import { scheduleErrors } from '../syncs/schedule.policy.js';
import { eventTypes, webhookTriggerErrors } from './webhook-trigger.policy.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

interface KnownConnection {
  id: string;
  actions: readonly ActionDescription[];
  /** Types of events that its connector names; null: any may come. */
  events: readonly string[] | null;
}

/** A flow that can be stored. */
export interface CheckedFlow {
  definition: FlowDefinition;
  /** As the definition names them → id. */
  connections: Record<string, string>;
  /** The same of syncs. */
  syncs: Record<string, string>;
}

/** What has to be right in a flow before it is stored. */
@Injectable()
export class FlowChecks {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(CATALOG) private readonly catalog: ConnectorCatalog,
    @Inject(ExpressionSandbox) private readonly sandbox: ExpressionSandbox,
  ) {}

  /** A definition as JSON, or as the text of YAML. Errors: FLOW_INVALID with every place, of a text with line and column. */
  async check(workspaceId: string, body: unknown): Promise<CheckedFlow> {
    const parsedText = typeof body === 'string' ? parseFlow(body) : null;
    const tree = parsedText === null ? body : parsedText.tree;
    const located = (errors: readonly FieldError[]): readonly FieldError[] => parsedText?.located(errors) ?? errors;
    const parsed = flowDefinitionSchema.safeParse(tree);
    if (!parsed.success) throw flowInvalid(located(toFieldErrors(parsed.error.issues, tree)));
    const definition = parsed.data;
    const known = await this.connectionsOf(workspaceId, definition);
    const actionsOf = (name: string): readonly ActionDescription[] | null => known.get(name)?.actions ?? null;
    const syncs = await this.syncsOf(workspaceId, definition);
    const errors = [
      ...this.triggerErrors(definition, { known, syncs }),
      ...(await this.recordErrors(definition, syncs)),
      ...(await flowErrors(definition, this.sandbox, { actionsOf })),
    ];
    if (errors.length > 0) throw flowInvalid(located(errors));
    return {
      ...{ definition, connections: Object.fromEntries([...known].map(([name, { id }]) => [name, id])) },
      syncs: Object.fromEntries([...syncs].map(([name, { id }]) => [name, id])),
    };
  }

  private async connectionsOf(workspaceId: string, { on, steps }: FlowDefinition) {
    const names = new Set(
      [
        on.webhook?.connection,
        on.system?.connection,
        ...steps.flatMap(({ connection, compensate }) => [connection, compensate?.connection]),
      ].filter((name) => name !== undefined),
    );
    const known = new Map<string, KnownConnection>();
    for (const name of names) {
      const connection =
        (await findConnectionByName(this.pool, { workspaceId, name })) ??
        (UUID.test(name) ? await findConnection(this.pool, { workspaceId, id: name }) : null);
      if (connection === null) continue;
      const connector = await findConnector(this.pool, { workspaceId, name: connection.connector });
      const description = connector === null ? null : this.catalog.describe(connector);
      known.set(name, {
        id: connection.id,
        actions: description?.actions ?? [],
        events: eventTypes(description?.webhooks ?? []),
      });
    }
    return known;
  }

  private async syncsOf(workspaceId: string, { on }: FlowDefinition): Promise<ReadonlyMap<string, SyncRow>> {
    const name = on.record?.sync ?? on.system?.sync;
    if (name === undefined) return new Map();
    const sync =
      (await findSyncByName(this.pool, { workspaceId, name })) ??
      (UUID.test(name) ? await findSync(this.pool, { workspaceId, id: name }) : null);
    return new Map(sync === null ? [] : [[name, sync]]);
  }

  private async recordErrors({ on: { record } }: FlowDefinition, syncs: ReadonlyMap<string, SyncRow>): Promise<FieldError[]> {
    if (record === undefined) return [];
    const sync = syncs.get(record.sync);
    if (sync === undefined) return [{ path: '/on/record/sync', message: 'is no sync', found: record.sync }];
    const { workspaceId } = sync;
    const version = await getSyncVersion(this.pool, { syncId: sync.id, version: sync.version });
    const destination = await findConnection(this.pool, { workspaceId, id: sync.destinationId });
    const connector = destination && (await findConnector(this.pool, { workspaceId, name: destination.connector }));
    const capabilities = connector && this.catalog.describe(connector).capabilities;
    return recordTriggerErrors(record, { streams: version?.spec.streams ?? [], tells: capabilities?.changes === true });
  }

  private triggerErrors(
    { on }: FlowDefinition,
    { known, syncs }: { known: ReadonlyMap<string, KnownConnection>; syncs: ReadonlyMap<string, unknown> },
  ): FieldError[] {
    if (on.request !== undefined) return schemaProblem(on.request.input, '/on/request/input');
    if (on.webhook !== undefined) return webhookTriggerErrors(on.webhook, known.get(on.webhook.connection));
    if (on.schedule !== undefined) {
      const schedule = { ...on.schedule, jitter_seconds: 0, overlap: 'skip' as const, paused: false };
      return scheduleErrors(schedule, new Date()).map((error) => ({ ...error, path: `/on${error.path}` }));
    }
    if (on.system !== undefined) {
      const { event, sync, connection } = on.system;
      const named = event.startsWith('sync.') ? 'sync' : 'connection';
      return [
        ...subjectErrors('sync', { name: sync, isKnown: sync !== undefined && syncs.has(sync), fits: named === 'sync' }),
        ...subjectErrors('connection', {
          ...{ name: connection, isKnown: connection !== undefined && known.has(connection) },
          fits: named === 'connection',
        }),
      ];
    }
    return [];
  }
}

/** Of what a system event is about. */
function subjectErrors(
  field: 'sync' | 'connection',
  { name, isKnown, fits }: { name: string | undefined; isKnown: boolean; fits: boolean },
): FieldError[] {
  if (name === undefined) return [];
  const error = (message: string): FieldError[] => [{ path: `/on/system/${field}`, message, found: name }];
  if (!fits) return error(`does not go with this event, which is about a ${field === 'sync' ? 'connection' : 'sync'}`);
  return isKnown ? [] : error(`is no ${field}`);
}
