import {
  Client,
  Connection,
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  type ConnectionOptions,
  type WorkflowStartOptions,
} from '@temporalio/client';
import type { DataConverter, Workflow } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';
import { OpenTelemetryWorkflowClientInterceptor } from '@temporalio/interceptors-opentelemetry-v2';
import { SluiceError } from '../errors/index.js';

/** How long one call may take, reconnecting included; then TEMPORAL_UNAVAILABLE. */
const CALL_DEADLINE_MS = 5_000;
/** gRPC status codes that say that the cluster is away or overloaded, not that the request is wrong. */
const UNAVAILABLE_STATUSES = new Set<number>([4 /* DEADLINE_EXCEEDED */, 8 /* RESOURCE_EXHAUSTED */, 14 /* UNAVAILABLE */]);
const INVALID_ARGUMENT: number = 3;

/** One client a process. It connects at its first call and reconnects by itself, so that a process may start before Temporal. */
export class TemporalClient {
  readonly client: Client;
  private readonly connection: Connection;
  private shared: { readonly client: Client; readonly connection: NativeConnection } | undefined;

  constructor(
    private readonly options: {
      address: string;
      namespace: string;
      dataConverter?: DataConverter;
      connection?: ConnectionOptions;
    },
  ) {
    this.connection = Connection.lazy({ connectTimeout: CALL_DEADLINE_MS, ...options.connection, address: options.address });
    this.client = this.clientOn(this.connection);
  }

  /** Runs calls under a deadline. Throws TEMPORAL_UNAVAILABLE when the cluster does not answer; other errors as they are. */
  call<T>(work: (client: Client) => Promise<T>, deadlineMs = CALL_DEADLINE_MS): Promise<T> {
    return reached(this.connection.withDeadline(Date.now() + deadlineMs, () => work(this.client)));
  }

  /**
   * As `call`, for starts of workflows that a worker of this process takes: over its connection, if there is one, the server hands the first task over
   * with the answer (`eager`), where it allows that.
   */
  start<T>(work: (client: Client, options: { requestEagerStart?: true }) => Promise<T>): Promise<T> {
    const { shared } = this;
    if (shared === undefined) return this.call((client) => work(client, {}));
    const deadline = Date.now() + CALL_DEADLINE_MS;
    return reached(shared.connection.withDeadline(deadline, () => work(shared.client, { requestEagerStart: true })));
  }

  /** The connection of this process's workers, for `start`; undefined: they are gone. Who gives it closes it. */
  share(connection: NativeConnection | undefined): void {
    this.shared = connection === undefined ? undefined : { connection, client: this.clientOn(connection) };
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  private clientOn(connection: Connection | NativeConnection): Client {
    const { namespace, dataConverter } = this.options;
    return new Client({
      ...{ connection, namespace },
      interceptors: { workflow: [new OpenTelemetryWorkflowClientInterceptor()] },
      ...(dataConverter === undefined ? {} : { dataConverter }),
    });
  }
}

async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (isTemporalUnavailable(error)) throw new SluiceError('TEMPORAL_UNAVAILABLE', { cause: error });
    throw error;
  }
}

/** A workflow that was started. */
export interface Started {
  /** Temporal's id of the execution. */
  executionId: string;
  /** A worker of this process has its first task already. */
  isEager: boolean;
}

/** Starts a workflow; undefined: one with this id was started already. */
export async function startOnce<W extends Workflow>(
  client: Client,
  name: string,
  options: WorkflowStartOptions<W>,
): Promise<Started | undefined> {
  try {
    const { firstExecutionRunId: executionId, eagerlyStarted: isEager } = await client.workflow.start<W>(name, options);
    return { executionId, isEager };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    throw error;
  }
}

/** Whether an error of the client, or what caused it, says that the cluster is away. */
function isTemporalUnavailable(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (isGrpcServiceError(at)) return UNAVAILABLE_STATUSES.has(at.code);
    if (/Failed to connect before the deadline/.test(at.message)) return true;
  }
  return false;
}

/** Whether the server refused a call because of its arguments (an unknown search attribute, say). */
export function isInvalidArgument(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause)
    if (isGrpcServiceError(at)) return Number(at.code) === INVALID_ARGUMENT;
  return false;
}
