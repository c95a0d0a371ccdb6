import { describe, expect, it } from '@jest/globals';
import { parseJson, stringifyJson } from '../../json/index.js';
import { partitionKey } from '../state/partitioned-state.js';
import { fromPlan, toPlan } from './plan-value.js';

const throughPlan = (text: string): string =>
  stringifyJson(
    fromPlan(JSON.parse(JSON.stringify(toPlan(parseJson(text, { keepsFloats: true })))) as ReturnType<typeof toPlan>),
  );

describe('values of partitions in a stored plan', () => {
  it('keep digits, and the point of a whole float, since templates write it into addresses', () => {
    for (const text of ['{"id":36.0}', '{"id":36.5}', '{"id":36}', '{"id":9007199254740993}', '{"id":[1e21,{"a":-0.10}]}'])
      expect(parseJson(throughPlan(text), { keepsFloats: true })).toEqual(parseJson(text, { keepsFloats: true }));
    expect(throughPlan('{"id":36.0}')).toBe('{"id":36.0}');
  });

  it('are the same partition in a state that wrote the whole float as an integer', () => {
    const key = (text: string): string => partitionKey(toPlan(parseJson(text, { keepsFloats: true })));
    expect(key('{"id":36.0}')).toBe(key('{"id":36}'));
    expect(key('{"id":9007199254740993}')).not.toBe(key('{"id":9007199254740992}'));
    expect(key('{"id":"36.0"}')).not.toBe(key('{"id":36}'));
  });
});
