import type { JsonValue } from '../../contracts/json.js';
import type { RecordPage } from '../../contracts/source.port.js';
import type { Position } from '../../contracts/stream.js';
import { SluiceError } from '../../errors/index.js';
import { stringifyJson } from '../../json/index.js';
import { isNumber, toNumber } from '../template/values.js';
import type { Answer } from '../errors/answer.js';
import type { Interpolation } from '../manifest/interpolation.js';
import { scopeOf, writeSpec, type Environment, type SliceSpec } from '../source/environment.js';
import { partBeginning } from '../source/read-position.js';
import { readSlice } from '../source/read-slice.js';
import type { StreamModel } from '../source/stream-model.js';
import { pause } from '../../pause/index.js';
import { readDownload, type DownloadRequest } from './read-download.js';
import { JobCalls, withExtra, type ResponseContext } from './job-calls.js';
import type { JobModel } from './job-model.js';
import {
  formatJobEnd,
  formatJobPosition,
  JOB_BEGINNING,
  parseJobPosition,
  type JobEnd,
  type JobPosition,
} from './job-position.js';
import { SLOT_GRACE_MS, SLOT_PAUSE_MS } from './job-slots.js';
import { keepParts } from './kept-response.js';
import { POLL_EVERY_MS, pollPause } from './poll-pace.js';

/** Jobs for one slice, the first included (Airbyte's number). */
const MAX_JOBS = 3;
const DEFAULT_TIMEOUT_MINUTES = 60;

export interface ReadJobRequest {
  slice: SliceSpec;
  position: Position | null;
  signal: AbortSignal;
}

/**
 * A slice whose records a job at the source makes: creates it, waits until it is done, downloads what it made. Every step is a page without
 * records whose position knows the job, so that who takes over waits for the same one. Errors: SOURCE_NOT_READY with `retryAt` where waiting
 * takes longer, SOURCE_JOB_FAILED after three jobs, POSITION_REFUSED where a job is lost of which records were read.
 */
export function readJobSlice(
  model: StreamModel,
  job: JobModel,
  environment: Environment,
  request: ReadJobRequest,
): AsyncGenerator<RecordPage> {
  return new JobReading(model, job, environment, request).pages();
}

class JobReading {
  private readonly calls: JobCalls;
  private at: JobPosition = JOB_BEGINNING;
  /** What templates see of the job under way; null: none is. */
  private creation: ResponseContext | null = null;
  /** The job can be found again by its position. */
  private kept = true;

  /** What its job is for, among all jobs of the source. */
  private readonly name: string;

  constructor(
    private readonly model: StreamModel,
    private readonly job: JobModel,
    private readonly environment: Environment,
    private readonly request: ReadJobRequest,
  ) {
    this.name = jobName(model, request.slice);
    this.calls = new JobCalls({ model, job, environment, ...request });
  }

  async *pages(): AsyncGenerator<RecordPage> {
    const start = parseJobPosition(this.request.position);
    // The slice that carries the parents' state: there is nothing to read.
    if ('end' in start || this.request.slice.parents !== null) return;
    this.at = start;
    if (start.job !== null) this.creation = await this.calls.restored(start.job);
    for (;;) {
      if (this.creation === null) {
        yield* this.pauseUntil(this.at.notBefore);
        yield* this.takeSlot();
        if (!(await this.create())) continue;
        yield this.here();
      }
      const creation = this.creation as unknown as ResponseContext;
      const polled = await this.poll(creation);
      switch (polled.status) {
        case 'running':
          yield* this.wait();
          break;
        case 'skipped':
          yield this.end({ end: 'skipped' });
          return;
        case 'completed':
          yield* this.download({ creation_response: creation, polling_response: polled.context }, polled);
          return;
        case 'failed':
        case 'timeout':
        case 'lost':
          yield* this.giveUp(polled.status, creation);
          break;
        default: {
          const never: never = polled;
          throw new Error(`unknown status ${String(never)}`);
        }
      }
    }
  }

  /** false: the source did not take it, and another try is left. */
  private async create(): Promise<boolean> {
    const { job, environment } = this;
    this.at = { ...JOB_BEGINNING, attempt: this.at.attempt + 1, since: environment.now() };
    try {
      const created = await this.calls.create();
      const kept = keepParts(job.kept, created);
      this.creation = created.context;
      this.kept = kept !== null;
      this.at = { ...this.at, job: kept };
      return true;
    } catch (error) {
      await environment.jobs.slots.free({ job: this.name });
      if (!mayTryAgain(error)) throw error;
      if (this.at.attempt >= MAX_JOBS) throw this.notCreated(error);
      await this.sleep(POLL_EVERY_MS);
      return false;
    }
  }

  /** Airbyte counts it as a job that failed. What may pass by itself the run has more patience with. */
  private notCreated(error: SluiceError): SluiceError {
    const { attempt } = this.at;
    if (error.retryable) return error;
    return new SluiceError('SOURCE_JOB_FAILED', {
      detail: `stream ${this.model.name}: the source did not take a job, ${attempt} times: ${error.detail ?? error.code}`,
      details: { ...error.details, stream: this.model.name, status: 'refused', jobs: attempt },
      cause: error,
    });
  }

  private async poll(creation: ResponseContext) {
    const polled = await this.calls.poll(creation);
    this.at = { ...this.at, polls: this.at.polls + 1 };
    const { slots } = this.environment.jobs;
    const late = polled.status === 'running' && this.age() > this.timeoutMs();
    if (polled.status === 'running' && !late)
      await slots.hold({ job: this.name, holdMs: pollPause(this.age()).waitMs + SLOT_GRACE_MS });
    else await slots.free({ job: this.name });
    return late ? { status: 'timeout' as const } : polled;
  }

  /** Until the next look; leaves where that is worth it and the job can be found again. */
  private async *wait(): AsyncGenerator<RecordPage> {
    const { waitMs, leave } = pollPause(this.age());
    const { now } = this.environment;
    if (!leave || !this.kept) return void (await this.sleep(waitMs));
    yield this.here();
    throw this.notReady('the job at the source is still running', now() + waitMs);
  }

  private async *pauseUntil(time: number): AsyncGenerator<RecordPage> {
    const waitMs = time - this.environment.now();
    if (waitMs <= 0) return;
    if (waitMs <= POLL_EVERY_MS) return void (await this.sleep(waitMs));
    yield this.here();
    throw this.notReady('a job at the source failed; the next one begins later', time);
  }

  /** Where as many jobs as are allowed are under way, the slice waits on a timer; a wait is progress, as a look at a job is. */
  private async *takeSlot(): AsyncGenerator<RecordPage> {
    const { jobs, now } = this.environment;
    if (await jobs.slots.take({ job: this.name, limit: jobs.limit, holdMs: SLOT_GRACE_MS })) return;
    this.at = { ...this.at, polls: this.at.polls + 1 };
    yield this.here();
    throw this.notReady('as many jobs as the manifest allows are under way at the source', now() + SLOT_PAUSE_MS);
  }

  /** Makes room for another job. Throws where there is none left. */
  private async *giveUp(status: 'failed' | 'timeout' | 'lost', creation: ResponseContext): AsyncGenerator<RecordPage> {
    const { attempt, target, within } = this.at;
    const { model, job, environment } = this;
    if (status === 'timeout') await this.calls.abort(creation);
    const details = { stream: model.name, status, jobs: attempt };
    if (target > 0 || within !== null)
      throw new SluiceError('POSITION_REFUSED', {
        detail: `stream ${model.name}: the source lost a job whose records were read in part`,
        details,
      });
    const waitMs = status === 'failed' ? this.number(job.failedWait, 0) * 1_000 : 0;
    const over = attempt >= MAX_JOBS;
    this.creation = null;
    this.kept = true;
    this.at = { ...JOB_BEGINNING, attempt: over ? 0 : attempt, notBefore: waitMs === 0 || over ? 0 : environment.now() + waitMs };
    // So that a later run does not find the failed job again.
    yield this.here();
    if (over)
      throw new SluiceError('SOURCE_JOB_FAILED', {
        detail: `stream ${model.name}: ${attempt} jobs, the last one: ${status}`,
        details,
      });
  }

  private async *download(responses: Responses, { answer }: { answer: Answer }): AsyncGenerator<RecordPage> {
    let targets = { responses, names: await this.calls.targets(responses, answer) };
    for (let index = this.at.target; index < targets.names.length; index++) {
      if (index > this.at.target) this.at = { ...this.at, target: index, within: partBeginning(this.at.within) };
      try {
        yield* this.downloadOne(targets.responses, targets.names[index]);
      } catch (error) {
        // What was told when the job was found complete may have run out since: it is asked for once more.
        const again = mayHaveExpired(error) && this.job.targetValues !== undefined ? await this.targetsAgain(responses) : null;
        if (again === null || again.names.length <= index) throw error;
        targets = again;
        yield* this.downloadOne(targets.responses, targets.names[index]);
      }
    }
    await this.calls.delete(responses.creation_response);
    yield this.end({ end: 'read', within: this.at.within });
  }

  private async *downloadOne(responses: Responses, target: unknown): AsyncGenerator<RecordPage> {
    const { slice, signal } = this.request;
    const part = withExtra(slice, { ...responses, download_target: target });
    for await (const page of this.readPart({ slice: part, position: this.at.within, signal })) {
      if (page.position !== null) this.at = { ...this.at, within: page.position };
      yield { ...page, position: page.position === null || !this.kept ? null : formatJobPosition(this.at) };
    }
  }

  /** null: the job is not complete any more. */
  private async targetsAgain({ creation_response }: Responses) {
    const polled = await this.calls.poll(creation_response);
    if (polled.status !== 'completed') return null;
    const responses = { creation_response, polling_response: polled.context };
    return { responses, names: await this.calls.targets(responses, polled.answer) };
  }

  private readPart(request: DownloadRequest): AsyncGenerator<RecordPage> {
    const { model, job, environment } = this;
    const { inPieces: decoding } = job;
    if (decoding === undefined) return readSlice(model, environment, request);
    return readDownload(model, environment, { ...request, decoding });
  }

  private here(): RecordPage {
    return emptyPage(this.kept ? formatJobPosition(this.at) : null);
  }

  private end(end: JobEnd): RecordPage {
    return emptyPage(formatJobEnd(end));
  }

  private age(): number {
    return this.environment.now() - this.at.since;
  }

  private timeoutMs(): number {
    return this.number(this.job.timeout, DEFAULT_TIMEOUT_MINUTES) * 60_000;
  }

  /** A number that the configuration gives. */
  private number(value: Interpolation | undefined, otherwise: number): number {
    if (value === undefined) return otherwise;
    const result = value.evaluate(scopeOf(this.environment.config, this.environment.now(), null), null);
    const number = isNumber(result) ? toNumber(result) : Number(result ?? NaN);
    if (Number.isFinite(number) && number > 0) return Math.trunc(number);
    throw new SluiceError('CONFIG_INVALID', { detail: `the value at ${value.pointer} is not a positive number` });
  }

  private notReady(detail: string, retryAt: number): SluiceError {
    const stream = this.model.name;
    return new SluiceError('SOURCE_NOT_READY', {
      detail: `stream ${stream}: ${detail}`,
      details: { stream },
      retryAt: Math.ceil(retryAt),
    });
  }

  private async sleep(ms: number): Promise<void> {
    const { signal } = this.request;
    await (this.environment.sleep ?? pause)(ms, signal);
    signal.throwIfAborted();
  }
}

/** What a job is for, among all jobs of the source. */
export const jobName = (model: StreamModel, slice: SliceSpec): string => stringifyJson([model.name, writeSpec(slice)]);

/** All but what waits by itself, or what somebody has to correct. */
const mayTryAgain = (error: unknown): error is SluiceError =>
  error instanceof SluiceError &&
  (error.code === 'SOURCE_REQUEST_REFUSED' ? error.details['failure_type'] !== 'config_error' : error.retryable) &&
  error.kind !== 'rate_limited';

/** How providers answer to an address that was signed for some minutes only. */
const EXPIRED = [400, 401, 403, 404, 410];
const mayHaveExpired = (error: unknown): boolean =>
  error instanceof SluiceError && EXPIRED.includes(Number(error.details['status']));

interface Responses {
  creation_response: ResponseContext;
  polling_response: ResponseContext;
}

const emptyPage = (position: JsonValue | null): RecordPage => ({
  format: 'records',
  records: [],
  position,
  bytes: 0,
  requests: 1,
});
