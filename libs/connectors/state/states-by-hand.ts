import type { JsonObject } from '../../contracts/json.js';
import type { StreamState } from '../../contracts/stream.js';
import { SluiceError } from '../../errors/index.js';
import { toPointer } from '../../json/index.js';
import type { Cursor } from '../cursors/cursor.js';
import { isObject } from '../manifest/tree.js';
import type { Scope } from '../manifest/interpolation.js';
import { toPlan } from '../partitions/plan-value.js';
import type { StreamModel } from '../source/stream-model.js';
import { NO_CURSOR_STATE } from './state-progress.js';

/** A state that somebody wrote, as it is kept. Pure. Errors: STATE_INVALID, with a JSON pointer into the state. */
export function readStateByHand(model: StreamModel, given: unknown, scope: Scope): StreamState {
  if (given === null) return null;
  if (!isObject(given)) throw invalid(model, [{ path: '', message: 'must be an object or null' }]);
  const state = toPlan(given) as JsonObject;
  const { cursor, retriever } = model;
  if (cursor === null) {
    if (Object.keys(state).length === 0 || state['__ab_no_cursor_state_message'] === true) return NO_CURSOR_STATE;
    throw invalid(model, [{ path: '', message: 'must be null or {}: the stream has no cursor' }]);
  }
  // What a manifest migrates, its own migrations read, and a stream with two ways keeps the states of both.
  const migrated = model.afterwards === undefined ? model.migrateState(state, scope) : null;
  if (migrated === null) return state;
  const problems = retriever.partitioned
    ? partitionedProblems(migrated, cursor, scope)
    : cursorProblems(migrated, '', { cursor, scope });
  if (problems.length > 0) throw invalid(model, problems);
  return state;
}

/** See SourceStates.between. Pure. */
export function stateBetween(model: StreamModel, range: { from: string; to: string | null }, scope: Scope): StreamState {
  const { cursor, retriever } = model;
  if (cursor === null) throw notPossible(model, 'it has no cursor');
  if (model.afterwards !== undefined)
    throw notPossible(model, 'it is read in another way once it has a state; reset it to read all of it again');
  if (range.to !== null && retriever.partitioned)
    throw notPossible(model, 'each of its partitions has a cursor of its own, so a range must be open: leave out `to`');
  const state = cursor.except(range, scope);
  if (state === null) {
    if (cursor.numeric && range.to !== null)
      throw notPossible(model, 'its cursor counts, so a range must be open: leave out `to`');
    throw invalid(model, [
      { path: '', message: `is no ${range.to === null ? 'value' : 'range'} of the cursor ${cursor.field(scope)}` },
    ]);
  }
  return retriever.partitioned
    ? { use_global_cursor: cursor.global || retriever.router.global, state, lookback_window: 0 }
    : state;
}

interface Problem {
  path: string;
  message: string;
}

function cursorProblems(state: JsonObject, path: string, { cursor, scope }: { cursor: Cursor; scope: Scope }): Problem[] {
  if (Object.keys(state).length === 0 || cursor.understands(state, scope)) return [];
  const field = cursor.field(scope);
  return [{ path: path + toPointer([field]), message: 'must be a value of the cursor' }];
}

function partitionedProblems(state: JsonObject, cursor: Cursor, scope: Scope): Problem[] {
  const { states, state: shared, parent_state: parents, lookback_window: lookback } = state;
  // The legacy form: one cursor for all partitions.
  if (states === undefined && shared === undefined && parents === undefined) return cursorProblems(state, '', { cursor, scope });
  const problems: Problem[] = [];
  if (shared !== undefined && shared !== null)
    problems.push(
      ...(isObject(shared)
        ? cursorProblems(shared, '/state', { cursor, scope })
        : [{ path: '/state', message: 'must be an object' }]),
    );
  if (parents !== undefined && parents !== null && !isObject(parents))
    problems.push({ path: '/parent_state', message: 'must be an object' });
  if (lookback !== undefined && lookback !== null && !Number.isFinite(Number(lookback)))
    problems.push({ path: '/lookback_window', message: 'must be a number of seconds' });
  if (states !== undefined && !Array.isArray(states)) return [...problems, { path: '/states', message: 'must be a list' }];
  for (const [index, entry] of (states ?? []).entries()) {
    const path = `/states/${index}`;
    if (!isObject(entry) || !isObject(entry['partition']) || !isObject(entry['cursor']))
      problems.push({ path, message: 'must have the objects `partition` and `cursor`' });
    else problems.push(...cursorProblems(entry['cursor'], `${path}/cursor`, { cursor, scope }));
    if (problems.length >= MOST_PROBLEMS) break;
  }
  return problems;
}

/** Somebody who sent 10,000 wrong partitions learns enough from these. */
const MOST_PROBLEMS = 20;

const invalid = ({ name }: StreamModel, errors: readonly Problem[]): SluiceError =>
  new SluiceError('STATE_INVALID', { detail: `the stream ${name}`, details: { stream: name }, errors: [...errors] });

const notPossible = ({ name }: StreamModel, why: string): SluiceError =>
  new SluiceError('STATE_NOT_POSSIBLE', { detail: `the stream ${name}: ${why}`, details: { stream: name } });
