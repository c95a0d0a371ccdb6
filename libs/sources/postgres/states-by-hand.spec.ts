import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StreamState } from '../../contracts/stream.js';
import { progressOf, windowsUpTo } from './cursor-state.policy.js';
import { boundOf, nextBound } from './cursor-value.js';
import type { CursorColumn } from './describe-table.js';
import { readStateByHand, stateBetween } from './states-by-hand.js';

const column = (base: string): CursorColumn => ({
  ...{ name: 'at', base, category: 'D', notNull: true },
  order: base.startsWith('int') ? 'number' : 'text',
});
const stream = (base: string) => ({ name: 's', cursor: column(base) });
const reading = (base: string, state: unknown) => () => readStateByHand(stream(base), state);

describe('a value of a cursor', () => {
  it.each([
    ['timestamptz', '2026-01-31T09:30:00Z', '2026-01-31 09:30:00.000000'],
    ['timestamptz', '2026-01-31 09:30:00.5+05:30', '2026-01-31 04:00:00.500000'],
    ['timestamptz', '2026-01-31T09:30-08', '2026-01-31 17:30:00.000000'],
    ['timestamptz', '2026-01-31 09:30:00.000001', '2026-01-31 09:30:00.000001'],
    ['timestamptz', '2026-01-31', '2026-01-31 00:00:00.000000'],
    ['timestamptz', '0001-01-01T00:00:00+01', null],
    ['timestamptz', '2026-02-30', null],
    ['timestamptz', '2026-01-31T24:00:00Z', null],
    ['timestamptz', '2026-01-31T09:30:00.1234567Z', null],
    ['timestamptz', 'infinity', null],
    ['timestamp', '1969-12-31T23:59:59.999999', '1969-12-31 23:59:59.999999'],
    ['timestamp', '2026-01-31T09:30:00Z', null],
    ['int2', '-32768', '-32768'],
    ['int2', '32769', null],
    ['int8', '9223372036854775807', '9223372036854775807'],
    ['int8', '9223372036854775809', null],
    ['int4', '0042', '42'],
    ['int4', '4.2', null],
    ['int4', "1'; SELECT", null],
  ])('%s %s is %s', (base, text, bound) => expect(boundOf(text, column(base))).toBe(bound));

  it('is followed by the next one', () => {
    expect(nextBound('2026-12-31 23:59:59.999999', column('timestamptz'))).toBe('2027-01-01 00:00:00.000000');
    expect(nextBound('9999-12-31 23:59:59.999999', column('timestamptz'))).toBe('9999-12-31 23:59:59.999999');
    expect(nextBound('-1', column('int4'))).toBe('0');
  });
});

describe('a state by hand', () => {
  it('is kept with its intervals joined', () => {
    const state = {
      cursor: 'at',
      order: 'number',
      upto: '10',
      done: [
        { from: '30', to: '40' },
        { from: '5', to: '12' },
        { from: '40', to: '50' },
      ],
    };
    expect(reading('int4', state)()).toEqual({ cursor: 'at', order: 'number', upto: '12', done: [{ from: '30', to: '50' }] });
    expect(reading('int4', null)()).toBeNull();
    expect(reading('int4', {})()).toBeNull();
    expect(readStateByHand({ name: 's', cursor: null }, {})).toBeNull();
  });

  it('says what is wrong and where', () => {
    const state = { cursor: 'id', order: 'text', upto: 5, done: [{ from: '4', to: '4' }, 7, { from: '1' }], 'a/b': 1 };
    expect(reading('int4', state)).toThrow(
      expect.objectContaining({
        code: 'STATE_INVALID',
        errors: ['/a~1b', '/cursor', '/order', '/upto', '/done/0', '/done/1', '/done/2/to'].map((path) =>
          expect.objectContaining({ path }),
        ),
      }),
    );
    expect(reading('int4', { cursor: 'at', order: 'number' })).toThrow(
      expect.objectContaining({ errors: [expect.objectContaining({ path: '/upto' })] }),
    );
    expect(reading('int4', 'text')).toThrow(expect.objectContaining({ code: 'STATE_INVALID' }));
    expect(() => readStateByHand({ name: 's', cursor: null }, { upto: '1' })).toThrow(/no cursor|not one of this stream/);
  });
});

describe('a state between two values', () => {
  it('reads these, what is between them, and nothing else; read again as a state it is itself', () => {
    const value = fc.integer({ min: -32_768, max: 32_767 });
    fc.assert(
      fc.property(value, value, value, fc.boolean(), fc.array(value, { maxLength: 4 }), (one, other, upper, open, cuts) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        const state = stateBetween(stream('int2'), { from: String(from), to: open ? null : String(to) });
        expect(reading('int2', state)()).toEqual(state);
        const windows = windowsUpTo(progressOf(state, column('int2')), String(upper), cuts.map(String));
        const probes = [from - 1, from, from + 1, to - 1, to, to + 1, upper - 1, upper, upper + 1, ...cuts];
        for (const at of probes) {
          const inside = windows.filter(
            (w) => (w.from === null || at >= Number(w.from)) && (at < Number(w.to) || (w.inclusive && at === Number(w.to))),
          );
          expect(inside.length).toBe(at >= from && at <= upper && (open || at <= to) ? 1 : 0);
        }
      }),
    );
  });

  it('of a time takes the microsecond of its end in', () => {
    const state = stateBetween(stream('timestamptz'), { from: '2026-01-01', to: '2026-01-02T00:00:00Z' });
    const windows = windowsUpTo(progressOf(state, column('timestamptz')), '2026-06-01 00:00:00.000000', []);
    expect(windows).toEqual([{ from: '2026-01-01 00:00:00.000000', to: '2026-01-02 00:00:00.000001', inclusive: false }]);
  });

  it.each<[string, { from: string; to: string | null }, string[]]>([
    ['int4', { from: 'x', to: 'y' }, ['/from', '/to']],
    ['int4', { from: '2', to: '1' }, ['/to']],
    ['timestamp', { from: '2026-01-01T00:00:00Z', to: null }, ['/from']],
  ])('%s from %o is refused', (base, range, paths) => {
    const wrong = (): StreamState => stateBetween(stream(base), range);
    expect(wrong).toThrow(
      expect.objectContaining({ code: 'STATE_INVALID', errors: paths.map((path) => expect.objectContaining({ path })) }),
    );
  });

  it('needs a cursor', () => {
    expect(() => stateBetween({ name: 's', cursor: null }, { from: '1', to: null })).toThrow(
      expect.objectContaining({ code: 'STATE_NOT_POSSIBLE' }),
    );
  });
});
