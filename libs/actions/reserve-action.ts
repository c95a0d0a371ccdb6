import { createHash } from 'node:crypto';
import { actionWorkflowId } from '../contracts/action-workflow.js';
import type { JsonObject } from '../contracts/json.js';
import { SluiceError } from '../errors/index.js';
import { stringifyJson } from '../json/index.js';
import { sealText, type SecretBox } from '../secrets/index.js';
import {
  canonicalJson,
  findConnection,
  findConnector,
  reserveActionRun,
  type ActionRunRow,
  type ConnectorRow,
  type Db,
} from '../store/index.js';

interface Ports {
  db: Db;
  secrets: SecretBox;
  /** Errors: UNKNOWN_ACTION, VALIDATION_FAILED. */
  catalog: { checkInput(request: { connector: ConnectorRow; action: string; input: JsonObject }): void };
}

export interface NewAction {
  workspaceId: string;
  connectionId: string;
  action: string;
  input: JsonObject;
  /** Of the run, where it is new. */
  id: string;
  idempotencyKey: string;
}

/**
 * The run of this call: a new one of the connector's current version, or the one of the same key. `sameRequest`: whether that one is of the same
 * connection, action and input. Errors: NOT_FOUND, UNKNOWN_ACTION, VALIDATION_FAILED.
 */
export async function reserveAction(
  { db, secrets, catalog }: Ports,
  { workspaceId, connectionId, action, input, id, idempotencyKey }: NewAction,
): Promise<{ row: ActionRunRow; isNew: boolean; sameRequest: boolean }> {
  const connection = await findConnection(db, { workspaceId, id: connectionId });
  if (connection === null) throw new SluiceError('NOT_FOUND', { detail: 'there is no such connection' });
  const connector = await findConnector(db, { workspaceId, name: connection.connector });
  if (connector === null) throw new SluiceError('NOT_FOUND', { detail: `there is no connector "${connection.connector}"` });
  catalog.checkInput({ connector, action, input });
  const requestHash = createHash('sha256').update(`${connectionId}\n${action}\n`).update(canonicalJson(input)).digest();
  const { row, isNew } = await reserveActionRun(db, {
    ...{ id, workspaceId, connectionId, action, requestHash, idempotencyKey },
    ...{ connector: connector.name, connectorHash: connector.hash, workflowId: actionWorkflowId(id) },
    input: sealText(secrets, { workspaceId, connectionId }, stringifyJson(input)),
  });
  return { row, isNew, sameRequest: row.requestHash.equals(requestHash) };
}
