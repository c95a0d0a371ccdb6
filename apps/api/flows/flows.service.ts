import { Inject, Injectable } from '@nestjs/common';
import type { FlowVersionView, FlowView } from '../../../libs/contracts/flow-view.schema.js';
import type { Page, PageQuery } from '../../../libs/contracts/page.schema.js';
import { SluiceError } from '../../../libs/errors/index.js';
import {
  contentHash,
  deleteFlow,
  findFlow,
  getFlowVersion,
  insertFlow,
  insertFlowVersion,
  inTransaction,
  isUniqueViolation,
  listFlows,
  listFlowVersions,
  lockConnection,
  lockFlow,
  lockSync,
  replaceSubscriptions,
  updateFlow,
  type FlowRow,
  type FlowVersionRow,
  type Pool,
  type Transaction,
} from '../../../libs/store/index.js';
import { POOL } from '../core/tokens.js';
import { numberCursor, pageOfResult, pageOfRows } from '../http/cursor.js';
import { FlowChecks, type CheckedFlow } from './flow-checks.service.js';
import { subscriptionsOf } from './flow-subscriptions.policy.js';
import { flowVersionView, flowView } from './flow-view.js';

const LIST = 'flows';
const VERSIONS = 'flow-versions';

interface Key {
  workspaceId: string;
  id: string;
}

/** Flows and their versions. */
@Injectable()
export class FlowsService {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(FlowChecks) private readonly checks: FlowChecks,
  ) {}

  async list({ workspaceId, query }: { workspaceId: string; query: PageQuery }): Promise<Page<FlowView>> {
    const { limit, cursor } = query;
    const found = await listFlows(this.pool, { workspaceId, limit, after: numberCursor(LIST, cursor) });
    const views = await Promise.all(found.rows.map((row) => this.view(row)));
    return { data: views, next_cursor: pageOfResult(LIST, found, () => null).next_cursor };
  }

  async get(key: Key): Promise<FlowView> {
    return this.view(await this.find(key));
  }

  /** Errors: NOT_FOUND. */
  async find(key: Key): Promise<FlowRow> {
    const row = await findFlow(this.pool, key);
    if (row === null) throw noFlow();
    return row;
  }

  async versions({ query, ...key }: Key & { query: PageQuery }): Promise<Page<FlowVersionView>> {
    const flow = await this.find(key);
    const { limit, cursor } = query;
    const rows = await listFlowVersions(this.pool, { flowId: flow.id, before: numberCursor(VERSIONS, cursor), limit });
    return pageOfRows(VERSIONS, { rows, limit, after: ({ version }) => version, view: flowVersionView });
  }

  /** Errors: FLOW_INVALID, NAME_TAKEN, VERSION_CONFLICT. */
  async create({ workspaceId, body }: { workspaceId: string; body: unknown }): Promise<FlowView> {
    const checked = await this.checks.check(workspaceId, body);
    const { definition } = checked;
    const flow = await inTransaction(this.pool, async (tx) => {
      await hold(tx, workspaceId, checked);
      const { name } = definition;
      const row = await insertFlow(tx, { workspaceId, name, enabled: true, schedule: definition.on.schedule ?? null });
      await this.storeVersion(tx, row, checked);
      return row;
    }).catch(nameTaken);
    return this.view(flow);
  }

  /** A new version, where anything changes; runs keep theirs. Errors: NOT_FOUND, FLOW_INVALID, NAME_TAKEN, VERSION_CONFLICT. */
  async replace({ body, ...key }: Key & { body: unknown }): Promise<FlowView> {
    await this.find(key);
    const checked = await this.checks.check(key.workspaceId, body);
    const flow = await inTransaction(this.pool, async (tx) => {
      const now = await lockFlow(tx, key);
      if (now === null) throw noFlow();
      await hold(tx, key.workspaceId, checked);
      const before = await versionOf(tx, now);
      if (before.hash === hashOf(checked)) return now;
      const { definition } = checked;
      const schedule = now.enabled ? (definition.on.schedule ?? null) : null;
      const row = await updateFlow(tx, { ...now, name: definition.name, version: now.version + 1, schedule });
      await this.storeVersion(tx, row, checked);
      return row;
    }).catch(nameTaken);
    return this.view(flow);
  }

  /** Errors: NOT_FOUND. */
  async setEnabled({ enabled, ...key }: Key & { enabled: boolean }): Promise<FlowView> {
    const flow = await inTransaction(this.pool, async (tx) => {
      const now = await lockFlow(tx, key);
      if (now === null) throw noFlow();
      const { definition, ...named } = await versionOf(tx, now);
      const schedule = enabled ? (definition.on.schedule ?? null) : null;
      const row = await updateFlow(tx, { ...now, enabled, schedule });
      await replaceSubscriptions(tx, { flowId: row.id, subscriptions: subscriptionsOf(row, { definition, ...named }) });
      return row;
    });
    return this.view(flow);
  }

  /** Runs that are under way end by themselves. Errors: NOT_FOUND. */
  async delete(key: Key): Promise<void> {
    await inTransaction(this.pool, async (tx) => {
      const flow = await lockFlow(tx, key);
      if (flow === null) throw noFlow();
      await replaceSubscriptions(tx, { flowId: flow.id, subscriptions: [] });
      await deleteFlow(tx, flow);
    });
  }

  private async storeVersion(tx: Transaction, row: FlowRow, checked: CheckedFlow): Promise<void> {
    await insertFlowVersion(tx, { flowId: row.id, version: row.version, hash: hashOf(checked), ...checked });
    await replaceSubscriptions(tx, { flowId: row.id, subscriptions: subscriptionsOf(row, checked) });
  }

  private async view(row: FlowRow): Promise<FlowView> {
    return flowView(row, await versionOf(this.pool, row));
  }
}

/** The version that a flow's next run works with. */
export async function versionOf(db: Parameters<typeof getFlowVersion>[0], flow: FlowRow): Promise<FlowVersionRow> {
  const version = await getFlowVersion(db, { flowId: flow.id, version: flow.version });
  if (version === null) throw new SluiceError('INTERNAL', { detail: 'a flow without its current version' });
  return version;
}

const hashOf = ({ definition, connections, syncs }: Pick<FlowVersionRow, 'definition' | 'connections' | 'syncs'>): string =>
  contentHash({ definition, connections, ...(Object.keys(syncs).length === 0 ? {} : { syncs }) });
const noFlow = (): SluiceError => new SluiceError('NOT_FOUND', { detail: 'there is no such flow' });

/** Its connections and syncs stay until it is stored. */
async function hold(tx: Transaction, workspaceId: string, { connections, syncs }: CheckedFlow): Promise<void> {
  for (const id of Object.values(syncs))
    if ((await lockSync(tx, { workspaceId, id })) === null)
      throw new SluiceError('VERSION_CONFLICT', { detail: 'the sync of the flow was deleted meanwhile' });
  for (const id of [...new Set(Object.values(connections))].sort())
    if ((await lockConnection(tx, { workspaceId, id, strength: 'share' })) === null)
      throw new SluiceError('VERSION_CONFLICT', { detail: 'a connection of the flow was deleted meanwhile' });
}

function nameTaken(error: unknown): never {
  if (isUniqueViolation(error, 'flow_name')) throw new SluiceError('NAME_TAKEN', { detail: 'another flow has this name' });
  throw error;
}
