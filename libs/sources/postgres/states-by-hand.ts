import type { JsonObject } from '../../contracts/json.js';
import type { StreamState } from '../../contracts/stream.js';
import { SluiceError } from '../../errors/index.js';
import { isObject, toPointer } from '../../json/index.js';
import { addWindow, progressOf } from './cursor-state.policy.js';
import { boundOf, endOf, nextBound } from './cursor-value.js';
import { compareBounds, type Bound } from './cursor-window.policy.js';
import type { CursorColumn } from './describe-table.js';

interface Stream {
  name: string;
  /** null: it is read in full only. */
  cursor: CursorColumn | null;
}
interface Problem {
  path: string;
  message: string;
}

/** Somebody who sent 10,000 wrong intervals learns enough from these. */
const MOST_PROBLEMS = 20;
const FIELDS: ReadonlySet<string> = new Set(['cursor', 'order', 'upto', 'done']);

/** A state that somebody wrote, as it is kept; {} is none. Pure. Errors: STATE_INVALID, with a JSON pointer into the state. */
export function readStateByHand({ name, cursor }: Stream, given: unknown): StreamState {
  if (given === null) return null;
  if (!isObject(given)) throw invalid(name, [{ path: '', message: 'must be an object or null' }]);
  if (Object.keys(given).length === 0) return null;
  if (cursor === null) throw invalid(name, [{ path: '', message: 'must be null or {}: the stream has no cursor' }]);
  const problems: Problem[] = Object.keys(given)
    .filter((field) => !FIELDS.has(field))
    .map((field) => ({ path: toPointer([field]), message: 'is not a field of the state' }));
  const mustBe = (field: string, expected: string): void => {
    if (given[field] !== expected) problems.push({ path: `/${field}`, message: `must be ${expected}` });
  };
  const read = (value: unknown, path: string): Bound | null => {
    const bound = typeof value === 'string' ? boundOf(value, cursor) : null;
    if (bound === null) problems.push({ path, message: `must be ${valueOf(cursor)}` });
    return bound;
  };
  mustBe('cursor', cursor.name);
  mustBe('order', cursor.order);
  const { upto, done = [] } = given;
  if (upto === undefined) problems.push({ path: '/upto', message: 'must be there; null: nothing was read' });
  let progress = { ...progressOf(null, cursor), upto: upto == null ? null : read(upto, '/upto') };
  if (!Array.isArray(done)) problems.push({ path: '/done', message: 'must be a list' });
  for (const [index, interval] of (Array.isArray(done) ? (done as unknown[]) : []).entries()) {
    if (problems.length >= MOST_PROBLEMS) break;
    const path = `/done/${index}`;
    if (!isObject(interval)) {
      problems.push({ path, message: 'must have the bounds `from` and `to`' });
      continue;
    }
    const [from, to] = [read(interval['from'], `${path}/from`), read(interval['to'], `${path}/to`)];
    if (from === null || to === null) continue;
    if (compareBounds(cursor.order)(from, to) >= 0) problems.push({ path, message: '`from` must be below `to`' });
    else progress = addWindow(progress, { from, to, inclusive: false });
  }
  if (problems.length > 0) throw invalid(name, problems);
  return progress as unknown as JsonObject;
}

/** See SourceStates.between; both ends are read. Pure. */
export function stateBetween({ name, cursor }: Stream, range: { from: string; to: string | null }): StreamState {
  if (cursor === null)
    throw new SluiceError('STATE_NOT_POSSIBLE', { detail: `the stream ${name}: it has no cursor`, details: { stream: name } });
  const [from, to] = [boundOf(range.from, cursor), range.to === null ? null : boundOf(range.to, cursor)];
  const message = `must be ${valueOf(cursor)}`;
  const problems: Problem[] = [
    ...(from === null ? [{ path: '/from', message }] : []),
    ...(range.to !== null && to === null ? [{ path: '/to', message }] : []),
  ];
  if (from === null || problems.length > 0) throw invalid(name, problems);
  const progress = { ...progressOf(null, cursor), upto: from };
  if (to === null) return progress as unknown as JsonObject;
  if (compareBounds(cursor.order)(from, to) > 0) throw invalid(name, [{ path: '/to', message: 'must not be below `from`' }]);
  const [above, end] = [nextBound(to, cursor), endOf(cursor)];
  const whole = above === end ? progress : addWindow(progress, { from: above, to: end, inclusive: false });
  return whole as unknown as JsonObject;
}

function valueOf({ name, base, order }: CursorColumn): string {
  if (order === 'number') return `a value of the cursor ${name}: the digits of an ${base}, as a string`;
  return `a value of the cursor ${name}: a time as 2026-01-31 09:30:00.000001 or in ISO 8601${base === 'timestamp' ? ', without a zone' : ''}`;
}

const invalid = (stream: string, errors: Problem[]): SluiceError =>
  new SluiceError('STATE_INVALID', { detail: `the stream ${stream}`, details: { stream }, errors });
