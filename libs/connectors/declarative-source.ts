import type { CredentialVault } from '../contracts/credential-vault.port.js';
import type { JobSlots } from '../contracts/job-slots.port.js';
import type { HttpClient } from '../contracts/http.port.js';
import type { JsonObject } from '../contracts/json.js';
import type { Abandon, Page, SlicePage, Source, SourceStates, StateProgress } from '../contracts/source.port.js';
import type { Catalog, Slice, StreamDescriptor, StreamState } from '../contracts/stream.js';
import { abandonJob, canAbandon } from './async/abandon-job.js';
import { MemoryJobSlots, memoryJobSlots } from './async/job-slots.js';
import { maxJobs } from './async/max-jobs.js';
import { countedClient } from './http/api-budget.js';
import { createMemoryVault } from './auth/memory-vault.js';
import { completeSlice } from './source/complete-slice.js';
import { describeStream, describeUnavailable } from './source/describe-stream.js';
import { readSpec, type Environment, scopeOf } from './source/environment.js';
import { openConfig } from './source/open-config.js';
import { fromPlan } from './partitions/plan-value.js';
import type { Scope } from './manifest/interpolation.js';
import { OpenedStreams } from './source/opened-streams.js';
import { planSlices } from './source/plan.js';
import { readStream, readStreamJson } from './source/read-stream.js';
import type { SourceModel } from './source/source.component.js';
import { withSchemas } from './source/stream-schema.js';
import { streamsToCheck } from './source/streams-to-check.js';
import { LazyProgress } from './state/lazy-progress.js';
import { readStateByHand, stateBetween } from './state/states-by-hand.js';
import { stateProgress } from './state/state-progress.js';
import { redactError } from './spec/redact.js';
import { KnownSecrets } from './spec/known-secrets.js';
import { secretValues } from './spec/secret-values.js';

const SLICES_PER_PAGE = 1_000;
/** A check tells what is wrong now; a run is patient. */
const CHECK_TRIES = 2;

export interface DeclarativeSourceOptions {
  model: SourceModel;
  /** With secrets; checked against the manifest's specification. */
  config: JsonObject;
  /** Guarded, and counted against the account (budgetAccountOf). */
  http: HttpClient;
  /** Credentials that change; default: kept in memory, so a rotated refresh token is lost with the process. */
  credentials?: CredentialVault;
  /** Shared by all who read with this configuration; default: by those in this process. */
  jobs?: JobSlots;
  /** ms since the epoch; default: the system's clock. */
  now?: () => number;
  /** See Environment. */
  sleep?: NonNullable<Environment['sleep']>;
  /** See Environment. */
  chosen?: NonNullable<Environment['chosen']>;
}

/** A Source that runs a compiled manifest. Throws CONFIG_INVALID. */
export function createDeclarativeSource(options: DeclarativeSourceOptions): Source {
  const { model, config, http, credentials = createMemoryVault(), now = Date.now } = options;
  const opened = openConfig(model, config, now());
  const { connectionSpecification: specification } = model;
  const secrets = new KnownSecrets([...secretValues(specification, config), ...secretValues(specification, opened)]);
  const learn = (secret: string): void => secrets.learn(secret);
  const { sleep, chosen } = options;
  const counted = countedClient(http, model.budget, scopeOf(opened, now(), null));
  const environment = withSchemas({
    ...{ config: opened, http: counted, credentials, learn, now },
    jobs: {
      slots: options.jobs ?? memoryJobSlots(model, { config: opened, now }),
      limit: maxJobs(model.maxJobs, scopeOf(opened, now(), null)),
    },
    ...(sleep === undefined ? {} : { sleep }),
    ...(chosen === undefined ? {} : { chosen }),
  });
  return new DeclarativeSource(model, environment, secrets);
}

class DeclarativeSource implements Source {
  readonly formats = ['json'] as const;
  readonly states: SourceStates = {
    show: (state) => fromPlan(state),
    read: ({ stream, state }) => this.guarded(async () => readStateByHand(await this.streams.find(stream), state, this.scope())),
    between: ({ stream, ...range }) =>
      this.guarded(async () => stateBetween(await this.streams.find(stream), range, this.scope())),
  };
  private readonly closing = new AbortController();
  private readonly streams: OpenedStreams;

  constructor(
    private readonly model: SourceModel,
    private readonly environment: Environment,
    private readonly secrets: KnownSecrets,
  ) {
    this.streams = new OpenedStreams(model, environment, this.closing.signal);
  }

  check(): Promise<void> {
    const { check } = this.model;
    const { now } = this.environment;
    const config = { ...this.environment.config, ...check.overrides };
    // A check leaves a job as soon as it is created: it must not count against the jobs of a run, or of the next stream.
    const environment = {
      ...this.environment,
      config,
      maxTries: CHECK_TRIES,
      jobs: { slots: new MemoryJobSlots(now), limit: Infinity },
    };
    return this.guarded(async () => {
      for (const stream of await streamsToCheck(check, new OpenedStreams(this.model, environment, this.closing.signal))) {
        const plan = planSlices(stream, environment, {
          state: null,
          nowMs: this.environment.now(),
          after: null,
          signal: this.closing.signal,
        });
        for await (const { slice } of plan) {
          const pages = readStream(stream, environment, {
            slice: readSpec(slice),
            position: null,
            signal: this.closing.signal,
          });
          await pages.next();
          await pages.return(undefined);
          // One page of one slice shows that address and credentials are right.
          break;
        }
      }
    });
  }

  discover(): Promise<Catalog> {
    return this.guarded(async () => {
      const streams: StreamDescriptor[] = [];
      const all = await this.streams.all();
      for (const stream of all.streams) {
        const schema = await this.environment.schemaOf(stream, this.closing.signal);
        streams.push(describeStream(stream, this.environment.config, schema));
      }
      return { streams: [...streams, ...all.unavailable.map(describeUnavailable)] };
    });
  }

  slices(request: Parameters<Source['slices']>[0]): Promise<SlicePage> {
    return this.guarded(async () => {
      const state = request.incremental ? request.state : null;
      const nowMs = Date.parse(request.now);
      const plan = planSlices(await this.streams.find(request.stream), this.environment, {
        state,
        nowMs,
        after: request.after,
        signal: this.closing.signal,
      });
      const slices = new Map<string, Slice>();
      for await (const { slice, after } of plan) {
        // Parents may name a partition twice; it is read once.
        slices.set(slice.id, slice);
        if (slices.size >= SLICES_PER_PAGE) return { slices: [...slices.values()], next: after };
      }
      return { slices: [...slices.values()], next: null };
    });
  }

  async *read({
    stream,
    slice,
    position,
    signal,
    json = false,
    pagesAhead = 1,
  }: Parameters<Source['read']>[0]): AsyncGenerator<Page> {
    const both = AbortSignal.any([signal, this.closing.signal]);
    try {
      const model = await this.streams.find(stream);
      yield* readStreamJson(model, this.environment, { slice: readSpec(slice), position, signal: both, json, pagesAhead });
    } catch (error) {
      throw redactError(error, this.secrets.all());
    }
  }

  complete({ stream, ...rest }: Parameters<Source['complete']>[0]): StreamState {
    return completeSlice(this.streams.known(stream), this.environment.config, rest);
  }

  progress({ stream, state, incremental, now }: Parameters<Source['progress']>[0]): StateProgress {
    const plannedMs = Date.parse(now);
    const { config } = this.environment;
    const before = incremental ? state : null;
    const open = () => stateProgress(this.streams.known(stream), { config, state: before, plannedMs });
    return this.streams.isKnown(stream) ? open() : new LazyProgress(() => this.streams.isKnown(stream), open, before);
  }

  async abandon({ stream }: { stream: string }): Promise<Abandon | null> {
    const model = await this.guarded(() => this.streams.find(stream));
    if (!canAbandon(model)) return null;
    return ({ slice, position, signal }) => {
      const both = AbortSignal.any([signal, this.closing.signal]);
      const found = abandonJob(model, this.environment, { slice: readSpec(slice), position, signal: both });
      return found && { ...found, end: () => this.guarded(() => found.end()) };
    };
  }

  async close(): Promise<void> {
    this.closing.abort(new Error('the source was closed'));
    // A new refresh token that is still on its way must be stored before this process may end.
    await this.environment.credentials.settled();
  }

  private scope(): Scope {
    return scopeOf(this.environment.config, this.environment.now(), null);
  }

  private async guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw redactError(error, this.secrets.all());
    }
  }
}
