import { RestError, type RestClient } from '../../apps/demo/rest-client.js';
import type { JsonObject } from '../../libs/contracts/json.js';
import { isTerminal } from '../../libs/contracts/run-state.js';
import type { RunView, StartedRunView } from '../../libs/contracts/run.schema.js';
import type { Schedule, SyncStream } from '../../libs/contracts/sync-spec.schema.js';
import type { FindingView, VerificationView } from '../../libs/contracts/verification.schema.js';
import type { WriteMode } from '../../libs/contracts/write-mode.js';
import type { Stack } from '../../libs/stack/index.js';
import type { Destination } from './options.js';
import { until } from './wait.js';

export interface NewSync {
  name: string;
  stream: string;
  table: string;
  mode: WriteMode;
  namespace: string;
  schedule?: Partial<Schedule>;
  deletes?: Partial<NonNullable<SyncStream['deletes']>>;
  metadata?: SyncStream['metadata'];
  /** Connection to read; default: the shop. */
  sourceId?: string;
}

/** What a verification found. */
export interface Verified {
  findings: readonly FindingView[];
  counts: { repaired: number };
  /** Read from the source; null: it was not asked. */
  records: number | null;
}

/** The file that is loaded where the destination is DuckDB. */
export const DUCKDB_FILE = 'warehouse.duckdb';

/** How long a call is tried again while the API or what it needs is down on purpose. */
const PATIENCE_MS = 60_000;

/** Sluice's REST API, as far as chaos needs it. */
export class SluiceDoor {
  private ends: { source: string; destination: string } | undefined;

  constructor(private readonly rest: RestClient) {}

  /** Makes the two connections that all syncs of this world use. */
  async connect(stack: Stack, destination: Destination): Promise<void> {
    const warehouse = new URL(stack.warehouseUrl);
    const make = async (name: string, connector: string, config: unknown) =>
      (await this.rest.post<{ id: string }>('/v1/connections', { name, connector, config })).id;
    this.ends = {
      source: await make('shop', 'demo-shop', { base_url: stack.shopUrl, api_key: stack.shopApiKey }),
      destination: await make(
        'warehouse',
        destination,
        destination === 'duckdb'
          ? { path: DUCKDB_FILE }
          : {
              host: warehouse.hostname,
              port: Number(warehouse.port),
              database: warehouse.pathname.slice(1),
              user: decodeURIComponent(warehouse.username),
              password: decodeURIComponent(warehouse.password),
            },
      ),
    };
  }

  /** Another API, without configuration. @returns the connection's id */
  async addSource(name: string, manifest: JsonObject): Promise<string> {
    await this.rest.post('/v1/connectors', { name, manifest });
    return (await this.rest.post<{ id: string }>('/v1/connections', { name, connector: name, config: {} })).id;
  }

  /** @returns its id */
  async createSync({ name, stream, table, mode, namespace, schedule, deletes, metadata, sourceId }: NewSync): Promise<string> {
    if (this.ends === undefined) throw new Error('connect comes first');
    const { id } = await this.rest.post<{ id: string }>('/v1/syncs', {
      name,
      source_id: sourceId ?? this.ends.source,
      destination_id: this.ends.destination,
      namespace,
      streams: [
        {
          name: stream,
          mode,
          table,
          ...(deletes === undefined ? {} : { deletes }),
          ...(metadata === undefined ? {} : { metadata }),
        },
      ],
      ...(schedule === undefined ? {} : { schedule }),
    });
    return id;
  }

  /** @returns the run's id */
  async start(syncId: string): Promise<string> {
    return (await this.rest.post<StartedRunView>(`/v1/syncs/${syncId}/runs`)).id;
  }

  /** Starts as soon as Sluice can; a run that is still active, and servers that are down, are waited for. */
  async startPatiently(syncId: string, withinMs: number): Promise<string> {
    return until({
      what: 'a run to start',
      withinMs,
      everyMs: 250,
      probe: () =>
        this.start(syncId).catch((error: unknown) => {
          if (error instanceof RestError && error.status < 500 && error.problem['code'] !== 'RUN_ACTIVE') throw error;
          return undefined;
        }),
    });
  }

  /** A verification when it has ended, with all that it found. @throws Error when a stream could not be verified */
  async verify(syncId: string, body: { source?: boolean; repair?: boolean }): Promise<Verified> {
    const { id } = await this.rest.post<VerificationView>(`/v1/syncs/${syncId}:verify`, body);
    const view = await until({
      what: `verification ${id} to end`,
      withinMs: 2 * PATIENCE_MS,
      probe: async () => {
        const seen = await this.rest.get<VerificationView>(`/v1/verifications/${id}`);
        return seen.state === 'running' ? undefined : seen;
      },
    });
    if (view.state !== 'succeeded') throw new Error(`the verification ended ${JSON.stringify(view)}`);
    const findings: FindingView[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page: { data: FindingView[]; next_cursor: string | null } = await this.rest.get(
        `/v1/verifications/${id}/findings?limit=1000${more}`,
      );
      findings.push(...page.data);
      cursor = page.next_cursor;
    }
    const [first] = view.streams;
    const repaired = view.streams.reduce((sum, stream) => sum + stream.repaired, 0);
    return { findings, counts: { repaired }, records: first?.records ?? null };
  }

  async run(runId: string): Promise<RunView> {
    return this.rest.get<RunView>(`/v1/runs/${runId}`);
  }

  /** The run when it has ended, however it did. */
  async ended(runId: string, withinMs = PATIENCE_MS): Promise<RunView> {
    return until({
      what: `run ${runId} to end`,
      withinMs,
      patient: true,
      probe: async () => {
        const run = await this.run(runId);
        return isTerminal(run.state) ? run : undefined;
      },
    });
  }
}

/** What is wrong with a run that should have succeeded. */
export const notSucceeded = ({ state, error }: RunView): string[] =>
  state === 'succeeded' ? [] : [`the run ended ${state}${error ? `: ${error.code} ${error.detail ?? ''}` : ''}`.trim()];
