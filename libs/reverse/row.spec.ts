import { describe, expect, it } from '@jest/globals';
import { SluiceError } from '../errors/index.js';
import { parseJson } from '../json/index.js';
import type { JsonObject } from '../contracts/json.js';
import { isOlder, rowOf, type MakeInput } from './row.js';

const target = { primaryKey: ['id'], cursorField: 'at', cursorOrder: 'text' as const };
const email: MakeInput = ({ email }) => ({ email }) as JsonObject;
const row = (text: string, input = email) => rowOf(parseJson(text) as Record<string, unknown>, target, input);

describe('a row on its way to an action', () => {
  it('is another one when its input is, whatever the order of the keys and what the input does not use', () => {
    const whole: MakeInput = (record) => record as JsonObject;
    const first = row('{"id": 1, "email": "a", "at": "2026"}');
    expect(row('{"at": "2027", "email": "a", "id": 1}').digest).toEqual(first.digest);
    expect(row('{"id": 1, "email": "b", "at": "2026"}').digest).not.toEqual(first.digest);
    expect(row('{"id": 1, "a": {"x": 1, "y": 2}}', whole).digest).toEqual(row('{"a": {"y": 2, "x": 1}, "id": 1}', whole).digest);
    expect(row('{"id": 1, "n": 9007199254740993}', whole).digest).not.toEqual(
      row('{"id": 1, "n": 9007199254740992}', whole).digest,
    );
  });

  it('is found by its key, every digit of it', () => {
    expect(row('{"id": 1, "email": "a"}').keyHash).toEqual(row('{"id": 1, "email": "b"}').keyHash);
    expect(row('{"id": 9007199254740993}').keyHash).not.toEqual(row('{"id": 9007199254740992}').keyHash);
    expect(row('{"id": 1}').keyHash).not.toEqual(row('{"id": "1"}').keyHash);
  });

  it('without a key, or whose input is wrong, says so', () => {
    expect(row('{"id": null, "email": "a"}').wrong).toEqual({ reason: 'null_key', field: 'id' });
    const refusing: MakeInput = () => {
      throw new SluiceError('VALIDATION_FAILED', { errors: [{ path: '/input/email', message: 'is no address' }] });
    };
    expect(row('{"id": 1}', refusing).wrong).toEqual({ reason: 'VALIDATION_FAILED', field: '/input/email' });
    const broken: MakeInput = () => {
      throw new Error('a bug');
    };
    expect(() => row('{"id": 1}', broken)).toThrow('a bug');
  });

  it('is older than another by its cursor only', () => {
    expect(isOlder('2026-01-01', '2026-01-02', 'text')).toBe(true);
    expect(isOlder('9', '10', 'number')).toBe(true);
    expect(isOlder('9', '10', 'text')).toBe(false);
    expect(isOlder('1', '1', 'number')).toBe(false);
    expect(isOlder(null, '1', 'number')).toBe(false);
  });
});
