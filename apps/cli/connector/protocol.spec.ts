import { describe, expect, it } from '@jest/globals';
import { SluiceError } from '../../../libs/errors/index.js';
import { parseJson } from '../../../libs/json/index.js';
import { failureTypeOf, recordLines } from './protocol.js';

const data = (record: string): string =>
  JSON.stringify(
    (JSON.parse(recordLines('s', [parseJson(record) as Record<string, unknown>], 1)) as { record: { data: unknown } }).record
      .data,
  );

describe('messages of the Airbyte protocol', () => {
  it('leave out null fields of the top level, and only there', () => {
    expect(data('{"a":null,"b":{"c":null},"d":[null],"e":0}')).toBe('{"b":{"c":null},"d":[null],"e":0}');
    expect(data('{"a":null,"__proto__":{"x":1}}')).toBe('{"__proto__":{"x":1}}');
  });

  it('keep every digit', () => {
    expect(
      recordLines('s', [parseJson('{"n":12345678901234567890,"x":0.1000000000000000055}') as Record<string, unknown>], 1),
    ).toContain('"data":{"n":12345678901234567890,"x":0.1000000000000000055}');
  });

  it('say whose turn it is: what the manifest said, else what kind of trouble it is', () => {
    expect(failureTypeOf(new SluiceError('SOURCE_AUTH_FAILED'))).toBe('config_error');
    expect(failureTypeOf(new SluiceError('SOURCE_TIMEOUT'))).toBe('transient_error');
    expect(failureTypeOf(new SluiceError('SOURCE_AUTH_FAILED', { details: { failure_type: 'transient_error' } }))).toBe(
      'transient_error',
    );
  });
});
