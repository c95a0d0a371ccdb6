import { Inject, Injectable } from '@nestjs/common';
import type { ConnectorCatalog } from '../../../libs/connections/index.js';
import { assertInput } from '../../../libs/connectors/index.js';
import type { ActionPreview } from '../../../libs/contracts/action.port.js';
import type { ConnectionOpener } from '../../../libs/contracts/connection-opener.port.js';
import type { DryRunBody, DryRunView } from '../../../libs/contracts/flow-view.schema.js';
import { recordEventType } from '../../../libs/contracts/flow-events.js';
import type { FlowDefinition } from '../../../libs/contracts/flow.schema.js';
import type { JsonObject } from '../../../libs/contracts/json.js';
import { SluiceError } from '../../../libs/errors/index.js';
import { dryRun, ExpressionSandbox } from '../../../libs/flows/index.js';
import { findConnection, findConnector, getFlowVersion, type Pool } from '../../../libs/store/index.js';
import { NIL_UUID } from '../../../libs/uuid/index.js';
import { CATALOG, OPENER, POOL } from '../core/tokens.js';
import { FlowsService } from './flows.service.js';

/** What flows would do. */
@Injectable()
export class FlowDryRunService {
  constructor(
    @Inject(POOL) private readonly pool: Pool,
    @Inject(CATALOG) private readonly catalog: ConnectorCatalog,
    @Inject(OPENER) private readonly opener: ConnectionOpener,
    @Inject(ExpressionSandbox) private readonly sandbox: ExpressionSandbox,
    @Inject(FlowsService) private readonly flows: FlowsService,
  ) {}

  /** Errors: NOT_FOUND, VALIDATION_FAILED. */
  async dryRun({ workspaceId, id, body }: { workspaceId: string; id: string; body: DryRunBody }): Promise<DryRunView> {
    const flow = await this.flows.find({ workspaceId, id });
    const version = await getFlowVersion(this.pool, { flowId: id, version: body.version ?? flow.version });
    if (version === null) throw new SluiceError('NOT_FOUND', { detail: 'the flow has no such version' });
    const preview = (call: { connectionId: string; action: string; input: JsonObject }) => this.preview(workspaceId, call);
    const given = givenTo(version.definition, body);
    return dryRun({ version, given, results: body.results }, { sandbox: this.sandbox, preview });
  }

  private async preview(
    workspaceId: string,
    { connectionId, action, input }: { connectionId: string; action: string; input: JsonObject },
  ): Promise<ActionPreview> {
    const connection = await findConnection(this.pool, { workspaceId, id: connectionId });
    const connector = connection === null ? null : await findConnector(this.pool, { workspaceId, name: connection.connector });
    if (connector === null) throw new SluiceError('NOT_FOUND', { detail: 'the connection does not exist' });
    this.catalog.checkInput({ connector, action, input });
    const actions = await this.opener.openActions({ workspaceId, connectionId, version: connector.hash });
    try {
      return await actions.preview({ action, input, key: NIL_UUID, signal: AbortSignal.timeout(10_000) });
    } finally {
      await actions.close();
    }
  }
}

/** Errors: VALIDATION_FAILED where it is not what the flow is started by. */
function givenTo({ on }: FlowDefinition, { input, event }: DryRunBody): Record<string, unknown> {
  const other = on.request === undefined ? input : event;
  if (other !== undefined) {
    const [is, wants] = on.request === undefined ? ['input', 'event'] : ['event', 'input'];
    throw new SluiceError('VALIDATION_FAILED', {
      errors: [{ path: `/${is}`, message: `is not what starts this flow: send \`${wants}\`` }],
    });
  }
  if (on.request !== undefined) {
    assertInput(on.request.input, input ?? {});
    return { input: input ?? {} };
  }
  const now = new Date().toISOString();
  const type =
    on.webhook?.event ??
    on.system?.event ??
    (on.record === undefined ? 'schedule' : recordEventType(on.record.changes[0] ?? 'inserted'));
  return { event: { id: NIL_UUID, type, provider_id: NIL_UUID, occurred_at: now, received_at: now, body: {}, ...event } };
}
