import type { ActionOutcome, Actions } from '../contracts/action.port.js';
import type { ActionStep } from '../contracts/action-workflow.js';
import type { ConnectionOpener } from '../contracts/connection-opener.port.js';
import type { JsonObject } from '../contracts/json.js';
import type { DriftLog } from '../drift/index.js';
import { SluiceError } from '../errors/index.js';
import { markNeedsReauthorization } from '../events/system-events.js';
import { parseJson } from '../json/index.js';
import { openText, sealText, type SecretBox } from '../secrets/index.js';
import {
  actionOutcome,
  getActionRun,
  inTransaction,
  isAbandoned,
  lastEffect,
  markSent,
  reserveEffect,
  settleEffect,
  startActionRun,
  type ActionRunRow,
  type Pool,
} from '../store/index.js';
import { ABANDONED, dropAction } from './drop-action.js';
import { backoffMs, GIVE_UP_AFTER_MS, hasKeyEnded, nextStep } from './effect.policy.js';
import { endRun, failedBy, toRunError, type RunEnd } from './end-action-run.js';

export interface ActionPorts {
  pool: Pool;
  secrets: SecretBox;
  opener: Pick<ConnectionOpener, 'openActions'>;
  /** Default: nobody looks whether results fit their schemas. */
  drift?: Pick<DriftLog, 'look'>;
}

/**
 * The next step of a run, by its ledger: a try, or what is to be known of the last one. Any process may ask at any time; who sends is decided by one
 * row of the ledger. Errors: STORE_UNAVAILABLE, NOT_FOUND, and the signal's reason.
 */
export async function performAction(
  ports: ActionPorts,
  { runId, signal }: { runId: string; signal: AbortSignal },
): Promise<ActionStep> {
  const run = await getActionRun(ports.pool, { id: runId });
  if (run === null) throw new SluiceError('NOT_FOUND', { detail: 'there is no such run' });
  const outcome = actionOutcome(run);
  if (outcome !== null) return { status: 'done', outcome };
  let actions: Actions;
  try {
    const { workspaceId, connectionId, connectorHash: version } = run;
    actions = await ports.opener.openActions({ workspaceId, connectionId, version });
  } catch (error) {
    return await stopped(ports, run, error);
  }
  try {
    return await new Attempt(ports, run, actions, signal).step();
  } finally {
    await actions.close();
  }
}

/** What could not even begin. */
async function stopped(ports: ActionPorts, run: ActionRunRow, error: unknown): Promise<ActionStep> {
  if (!(error instanceof SluiceError) || error.retryable) throw error;
  return failedBy(ports.pool, run.id, error);
}

class Attempt {
  constructor(
    private readonly ports: ActionPorts,
    private readonly run: ActionRunRow,
    private readonly actions: Actions,
    private readonly signal: AbortSignal,
  ) {}

  async step(): Promise<ActionStep> {
    const { run, ports } = this;
    const action = this.actions.describe(run.action);
    const last = await lastEffect(ports.pool, { runId: run.id });
    const next = nextStep(last, action);
    // What follows from a doubt is written at the try that may not be made.
    const reserve = async (attempt: number): Promise<void> => {
      if (last?.attempt !== attempt) await reserveEffect(ports.pool, { runId: run.id, attempt });
    };
    switch (next.kind) {
      case 'send':
        // The first try of what a flow abandoned its end has ended; only one that is made again may not have been met by it.
        if (next.attempt > 1 && (await this.dropped())) return { status: 'done', outcome: 'failed' };
        // The first one's place came with the run.
        await reserve(next.attempt);
        return await this.send(next.attempt);
      case 'wait':
        return wait(next.ms);
      case 'repeat':
        await this.settle(next.attempt, 'superseded', 'key');
        return wait(0);
      case 'lookup':
        await reserve(next.attempt);
        return await this.lookup(next.attempt);
      case 'unknown':
        await reserve(next.attempt);
        return await this.end({
          ...UNKNOWN,
          attempt: next.attempt,
          ...(last !== null && hasKeyEnded(last, action) ? { error: forgotten(run.action) } : {}),
        });
      case 'ended':
        throw new SluiceError('INTERNAL', { detail: `the ledger of run ${run.id} has ended and the run has not` });
      default: {
        const never: never = next;
        throw new Error(`unknown step ${String(never)}`);
      }
    }
  }

  private async dropped(): Promise<boolean> {
    const { run, ports } = this;
    if (!(await isAbandoned(ports.pool, { actionRunId: run.id }))) return false;
    return inTransaction(ports.pool, (tx) => dropAction(tx, { id: run.id, error: ABANDONED }));
  }

  private async send(attempt: number): Promise<ActionStep> {
    const { run, ports, actions } = this;
    const { timeoutMs } = actions.describe(run.action);
    const deadline = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const admitted = async (): Promise<void> => {
      const begun = performance.now();
      if (!(await markSent(ports.pool, { runId: run.id, attempt, timeoutMs }))) throw new TakenOver();
      // The ledger's deadline began before this moment: a process that was frozen in between must not send any more.
      const left = timeoutMs - (performance.now() - begun);
      const late = (): void => deadline.abort(new SluiceError('SOURCE_TIMEOUT', { detail: `${run.action}: no answer in time` }));
      if (left <= 0) late();
      else timer = setTimeout(late, left);
      deadline.signal.throwIfAborted();
    };
    try {
      const signal = AbortSignal.any([this.signal, deadline.signal]);
      const outcome = await actions.call({ ...this.call(), attempt, signal, admitted });
      return await this.conclude(attempt, outcome);
    } catch (error) {
      if (error instanceof TakenOver) return wait(backoffMs(1));
      this.signal.throwIfAborted();
      if (!(error instanceof SluiceError)) throw error;
      // Thrown before anything was sent: what was sent has an outcome.
      if (!error.retryable) return await this.end({ attempt, effect: 'failed', state: 'failed', error });
      return await this.conclude(attempt, { kind: 'postponed', status: null, error, retryAt: error.retryAt ?? null });
    } finally {
      clearTimeout(timer);
    }
  }

  private async conclude(attempt: number, outcome: ActionOutcome): Promise<ActionStep> {
    const { run } = this;
    switch (outcome.kind) {
      case 'succeeded':
        this.lookAt(outcome.result);
        return await this.end({
          attempt,
          effect: 'succeeded',
          state: 'succeeded',
          status: outcome.status,
          result: outcome.result,
        });
      case 'failed': {
        const { status, error, answer } = outcome;
        return await this.end({ attempt, effect: 'failed', state: 'failed', status, error, answer });
      }
      case 'postponed': {
        const until = outcome.retryAt ?? Date.now() + backoffMs(attempt);
        if (until > givenUpAt(run)) {
          const { error: cause } = outcome;
          const error = new SluiceError('ACTION_GIVEN_UP', {
            detail: `${run.action}: ${cause.code}`,
            details: cause.details,
            cause,
          });
          return await this.end({ attempt, effect: 'failed', state: 'failed', status: outcome.status, error });
        }
        await this.settle(attempt, 'postponed', 'answer', outcome.status);
        return { status: 'wait', until };
      }
      case 'unknown':
        return await this.doubt(attempt, outcome.status, outcome.error);
      default: {
        const never: never = outcome;
        throw new Error(`unknown outcome ${String(never)}`);
      }
    }
  }

  private lookAt(result: string): void {
    const { workspaceId, connectionId, action: operation } = this.run;
    const { output } = this.actions.describe(operation);
    if (output === null) return;
    this.ports.drift?.look({ workspaceId, connectionId, kind: 'action', operation }, output, () => [parseJson(result)]);
  }

  /** Our own try ended without a word that counts. */
  private async doubt(attempt: number, status: number | null, error: SluiceError): Promise<ActionStep> {
    const action = this.actions.describe(this.run.action);
    const last = action.repeat === 'key' ? await lastEffect(this.ports.pool, { runId: this.run.id }) : null;
    if (last !== null && hasKeyEnded(last, action)) return await this.step();
    const { repeat } = action;
    const again = Date.now() + backoffMs(attempt);
    if (repeat === 'none' || (repeat !== 'lookup' && again > givenUpAt(this.run)))
      return await this.end({ ...UNKNOWN, attempt, status, error: unknownBy(error) });
    // The provider may still be at it: a lookup before the deadline would find nothing, and the call would be made twice.
    if (repeat === 'lookup') return await this.step();
    await this.settle(attempt, 'superseded', 'key', status);
    return { status: 'wait', until: again };
  }

  private async lookup(attempt: number): Promise<ActionStep> {
    const { run } = this;
    let found: { result: string } | null;
    try {
      found = await this.actions.lookup({ ...this.call(), signal: this.signal });
    } catch (error) {
      this.signal.throwIfAborted();
      const again = Date.now() + backoffMs(attempt + 2);
      if (!(error instanceof SluiceError)) throw error;
      if (again > givenUpAt(run) || !error.retryable) return await this.end({ ...UNKNOWN, attempt, error: unknownBy(error) });
      return { status: 'wait', until: again };
    }
    if (found !== null)
      return await this.end({ attempt, effect: 'succeeded', state: 'succeeded', result: found.result, resolvedBy: 'lookup' });
    if (Date.now() > givenUpAt(run)) {
      const error = new SluiceError('ACTION_GIVEN_UP', { detail: `${run.action}: a lookup says that no try took effect` });
      return await this.end({ attempt, effect: 'failed', state: 'failed', error, resolvedBy: 'lookup' });
    }
    await this.settle(attempt, 'superseded', 'lookup');
    return wait(backoffMs(attempt));
  }

  private call(): { action: string; input: JsonObject; key: string } {
    const { run, ports } = this;
    const input = parseJson(openText(ports.secrets, run, run.input)) as JsonObject;
    return { action: run.action, input, key: run.id };
  }

  private async settle(
    attempt: number,
    state: 'postponed' | 'superseded',
    resolvedBy: 'answer' | 'key' | 'lookup',
    status: number | null = null,
  ): Promise<void> {
    const { pool } = this.ports;
    await settleEffect(pool, { runId: this.run.id, attempt, state, status, resolvedBy });
    // It may never have been sent: the time in which it is given up counts from now.
    if (this.run.state === 'queued') await startActionRun(pool, this.run);
  }

  private end({
    result,
    answer,
    ...end
  }: Omit<RunEnd, 'result' | 'providerAnswer'> & { result?: string; answer?: string | null }) {
    const { run, ports } = this;
    const seal = (text: string): Buffer => sealText(ports.secrets, run, text);
    const ending = {
      ...end,
      ...(result === undefined ? {} : { result: seal(result) }),
      ...(answer == null ? {} : { providerAnswer: seal(answer) }),
    };
    if (end.error?.code !== 'SOURCE_AUTH_FAILED' || end.status === FORBIDDEN) return endRun(ports.pool, run.id, ending);
    return inTransaction(ports.pool, async (tx) => {
      await markNeedsReauthorization(tx, ports.secrets, {
        ...{ id: run.connectionId, asOf: { time: run.createdAt }, code: 'SOURCE_AUTH_FAILED' },
      });
      return endRun(tx, run.id, ending);
    });
  }
}

/** A right is missing; the credentials are good. */
const FORBIDDEN = 403;

/** Another process sends this try, or the run has ended. */
class TakenOver extends Error {}

const UNKNOWN = { effect: 'outcome_unknown', state: 'outcome_unknown', error: new SluiceError('OUTCOME_UNKNOWN') } as const;
const unknownBy = (cause: SluiceError): SluiceError =>
  new SluiceError('OUTCOME_UNKNOWN', { detail: toRunError(cause).detail ?? cause.code, details: cause.details, cause });
const forgotten = (action: string): SluiceError =>
  new SluiceError('OUTCOME_UNKNOWN', { detail: `${action}: the provider may have forgotten the idempotency key of the call` });
const wait = (ms: number): ActionStep => ({ status: 'wait', until: Date.now() + Math.ceil(ms) });
const givenUpAt = (run: ActionRunRow): number => (run.startedAt ?? new Date()).getTime() + GIVE_UP_AFTER_MS;
