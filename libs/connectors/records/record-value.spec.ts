import { describe, expect, it } from '@jest/globals';
import { stringifyJson } from '../../json/index.js';
import { PyFloat } from '../template/values.js';
import { toRecordValue } from './record-value.js';

describe('toRecordValue', () => {
  it('keeps a whole float a float, since a field that is computed from it later shows the difference', () => {
    expect(stringifyJson(toRecordValue([new PyFloat(-1), new PyFloat(1.5), 2, { a: new PyFloat(3) }]))).toBe(
      '[-1.0,1.5,2,{"a":3.0}]',
    );
  });
});
