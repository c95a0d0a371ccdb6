import { expect, it } from '@jest/globals';
import type { RunState } from '../contracts/run-state.js';
import { judgeRun, type WorkflowFact } from './run-verdict.policy.js';

const now = new Date('2026-01-01T00:01:00Z');
const judge = (state: RunState, fact: WorkflowFact, { ageMs = 60_000, started = true } = {}) =>
  judgeRun({ state, firstExecutionId: started ? 'x' : null, createdAt: new Date(now.getTime() - ageMs) }, fact, {
    now,
    startAfterMs: 15_000,
  });

it('a run whose workflow works is left alone, unless somebody reset it', () => {
  expect(judge('running', { kind: 'running', wasReset: false })).toBe('leave');
  expect(judge('running', { kind: 'running', wasReset: true })).toBe('lost_and_terminate');
});

it('a run without a workflow is lost, unless it was never started: then it is, once its maker had the time to', () => {
  expect(judge('running', { kind: 'absent' })).toBe('lost');
  expect(judge('queued', { kind: 'absent' })).toBe('lost');
  expect(judge('queued', { kind: 'absent' }, { started: false })).toBe('start');
  expect(judge('queued', { kind: 'absent' }, { started: false, ageMs: 5_000 })).toBe('leave');
});

it('a run that was to be cancelled and has no workflow left is cancelled', () => {
  expect(judge('cancelling', { kind: 'absent' })).toBe('cancelled');
  expect(judge('cancelling', { kind: 'closed', status: 'OTHER' })).toBe('cancelled');
  expect(judge('paused', { kind: 'closed', status: 'CANCELLED' })).toBe('cancelled');
});

it('a workflow that closed without writing its end has lost its run', () => {
  expect(judge('running', { kind: 'closed', status: 'OTHER' })).toBe('lost');
  expect(judge('running', { kind: 'closed', status: 'COMPLETED' })).toBe('lost');
});
