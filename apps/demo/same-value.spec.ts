import { describe, expect, it } from '@jest/globals';
import { sameValue } from './same-value.js';

const NUMERIC = 1700;
const TIMESTAMPTZ = 1184;
const JSONB = 3802;
const TEXT = 25;

describe('comparing a stored value with the one that was sent', () => {
  it.each([
    [12.5, '12.50', NUMERIC],
    [100, '100', NUMERIC],
    [0, '0.00', NUMERIC],
    [null, null, TEXT],
    [undefined, null, TEXT],
    ['2024-01-02T03:04:05.678Z', '2024-01-02 03:04:05.678+00', TIMESTAMPTZ],
    [{ b: 1, a: [1, 'x'] }, '{"a": [1, "x"], "b": 1}', JSONB],
    ['tab\there', 'tab\there', TEXT],
  ])('takes %p and %p as the same', (sent, stored, type) => {
    expect(sameValue(sent, stored, type)).toBe(true);
  });

  it.each([
    [12.5, '12.51', NUMERIC],
    [1000, '1', NUMERIC],
    [null, '', TEXT],
    ['', null, TEXT],
    ['2024-01-02T03:04:05.678Z', '2024-01-02 03:04:05.679+00', TIMESTAMPTZ],
    [{ a: 1 }, '{"a": 2}', JSONB],
    [true, 'f', 16],
  ])('takes %p and %p as different', (sent, stored, type) => {
    expect(sameValue(sent, stored, type)).toBe(false);
  });
});
