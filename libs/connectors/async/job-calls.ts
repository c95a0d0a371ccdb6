import type { HttpResponse } from '../../contracts/http.port.js';
import type { JsonObject } from '../../contracts/json.js';
import { SluiceError } from '../../errors/index.js';
import type { Answer } from '../errors/answer.js';
import { sendWithRetries } from '../errors/send.js';
import type { Requester } from '../http/http-requester.component.js';
import type { RequestDraft } from '../http/request-draft.js';
import { isObject } from '../manifest/tree.js';
import { fromPlan } from '../partitions/plan-value.js';
import { str } from '../template/values.js';
import { HeaderNames } from '../template/header-names.js';
import { scopeOf, type Environment, type SliceSpec } from '../source/environment.js';
import type { StreamModel } from '../source/stream-model.js';
import type { JobModel } from './job-model.js';
import type { JobStatus } from './job-status.component.js';
import type { KeptResponse } from './kept-response.js';

/** An answer as the templates of later requests see it: the body's fields, and `headers` and `request` where the body has none. */
export type ResponseContext = Record<string, unknown>;

export interface JobCallsOptions {
  model: StreamModel;
  job: JobModel;
  environment: Environment;
  slice: SliceSpec;
  signal: AbortSignal;
}

/** The calls about one job. All but downloads: those are the stream's own pages. */
export class JobCalls {
  constructor(private readonly options: JobCallsOptions) {}

  /** The job's answer. Errors: the source's own, and SOURCE_BAD_RESPONSE for one that names no job. */
  async create(): Promise<{ context: ResponseContext; body: Record<string, unknown>; headers: Record<string, string> }> {
    const { job } = this.options;
    const sent = await this.call(job.creation, {});
    if (sent === null || sent.answer.status >= 400) throw this.bad('the source did not create the job');
    const [body, headers] = [jsonOf(sent.answer), lowerCase(sent.answer.response.headers)];
    return { context: contextOf(sent.answer, sent.draft), body, headers };
  }

  /** What templates see of a job that is found again by its position. */
  async restored(kept: KeptResponse): Promise<ResponseContext> {
    return withResponse(fromPlan(kept.body) as Record<string, unknown>, {
      headers: kept.headers as Record<string, string>,
      request: this.options.job.kept.request ? await this.creationRequest() : {},
    });
  }

  /** What the job's status means now. `lost`: the source does not know the job. Errors: the source's own, SOURCE_BAD_RESPONSE. */
  async poll(
    creation: ResponseContext,
  ): Promise<
    { status: Exclude<JobStatus, 'completed'> | 'lost' } | { status: 'completed'; context: ResponseContext; answer: Answer }
  > {
    const { job } = this.options;
    let sent: Sent | null;
    try {
      sent = await this.call(job.polling, { creation_response: creation });
    } catch (error) {
      if (error instanceof SluiceError && GONE.includes(Number(error.details['status']))) return { status: 'lost' };
      throw error;
    }
    if (sent === null) return { status: 'lost' };
    const [word] = job.status(sent.answer, this.scope({ creation_response: creation })).records;
    const text = str(word ?? null);
    const status = job.statuses.get(text);
    if (status === undefined) throw this.bad(`the job has a status that the manifest does not know: ${text.slice(0, 60)}`);
    return status === 'completed' ? { status, context: contextOf(sent.answer, sent.draft), answer: sent.answer } : { status };
  }

  /** What there is to download: names for templates, '' where one download needs none. */
  async targets(
    responses: { creation_response: ResponseContext; polling_response: ResponseContext },
    polled: Answer,
  ): Promise<readonly unknown[]> {
    const { job } = this.options;
    if (job.targetValues === undefined) return [''];
    if (job.targets === undefined) return job.targetValues(polled, this.scope(responses)).records;
    const sent = await this.call(job.targets, responses);
    if (sent === null || sent.answer.status >= 400) throw this.bad('the source did not say what to download');
    return job.targetValues(sent.answer, this.scope(responses)).records;
  }

  /** Best effort: a job that cannot be ended ends by itself. */
  async abort(creation: ResponseContext): Promise<void> {
    await this.end(creation).catch(ignore);
  }

  /** Asks the source to end the job. Errors: the source's own. */
  async end(creation: ResponseContext): Promise<void> {
    const { job } = this.options;
    if (job.abort !== undefined) await this.call(job.abort, { creation_response: creation });
  }

  /** Errors: the source's own. */
  async delete(creation: ResponseContext): Promise<void> {
    const { job } = this.options;
    if (job.deletion !== undefined) await this.call(job.deletion, { creation_response: creation });
  }

  private async call(requester: Requester, responses: Record<string, ResponseContext>): Promise<Sent | null> {
    const { model, job, environment, signal } = this.options;
    const scope = () => this.scope(responses);
    let draft: RequestDraft | undefined;
    const answer = await sendWithRetries({
      http: environment.http,
      handler: requester.errorHandler,
      label: { stream: model.name, request: requester.label },
      scope,
      signal,
      decoder: job.decoder,
      resumed: false,
      maxTries: environment.maxTries,
      draft: async () => (draft = await requester.draft(scope(), null, this.access)),
      verify: () => undefined,
    });
    return answer === null || draft === undefined ? null : { answer, draft };
  }

  /** The request that creates the job, unsent: what templates may look at again after another worker created it. */
  private async creationRequest(): Promise<Record<string, unknown>> {
    return requestContext(await this.options.job.creation.draft(this.scope({}), null, this.access));
  }

  private get access() {
    const { environment, model, signal } = this.options;
    return { ...environment, stream: model.name, signal };
  }

  private scope(responses: Record<string, ResponseContext>) {
    const { environment, slice } = this.options;
    return scopeOf(environment.config, environment.now(), withExtra(slice, responses));
  }

  private bad(what: string): SluiceError {
    const stream = this.options.model.name;
    return new SluiceError('SOURCE_BAD_RESPONSE', { detail: `stream ${stream}: ${what}`, details: { stream } });
  }
}

interface Sent {
  answer: Answer;
  draft: RequestDraft;
}

/** Statuses by which a source says that it has no such job. */
const GONE = [404, 410];

const ignore = (error: unknown): void => {
  if (!(error instanceof SluiceError)) throw error;
};

/** A slice whose templates see more `extra_fields`, also by their own names. */
export const withExtra = (slice: SliceSpec, extra: Readonly<Record<string, unknown>>): SliceSpec => ({
  ...slice,
  // Live values that are never stored: the type speaks of what is.
  partition: { ...slice.partition, extra: { ...slice.partition.extra, ...(extra as JsonObject) } },
});

/** Airbyte reads these answers as JSON, whatever the decoder. */
function jsonOf(answer: Answer): Record<string, unknown> {
  const body = answer.decodedOrEmpty();
  return isObject(body) ? body : {};
}

const contextOf = (answer: Answer, draft: RequestDraft): ResponseContext =>
  withResponse(jsonOf(answer), { headers: lowerCase(answer.response.headers), request: requestContext(draft) });

/** The body's own fields win. */
export const withResponse = (
  body: Record<string, unknown>,
  { headers, request }: { headers: Readonly<Record<string, string>>; request: unknown },
): ResponseContext => ({ headers: new HeaderNames(Object.entries(headers)), request, ...body });

function requestContext(draft: RequestDraft): Record<string, unknown> {
  const { url, body } = draft.finish();
  return { url, method: draft.method, headers: new HeaderNames(Object.entries(draft.headers)), body: body ?? null };
}

const lowerCase = (headers: HttpResponse['headers']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
