import { expect, test } from '@jest/globals';
import { fromPgError } from './pg-error.js';

const server = (code: string, more: object = {}) =>
  Object.assign(new Error('message with a secret'), { severity: 'ERROR', code, ...more });
const of = (thrown: unknown, columns: string[] = []) => fromPgError(thrown, { what: 'loading', columns });

test.each([
  ['22P02', 'DESTINATION_TYPE_CONFLICT'],
  ['23505', 'DESTINATION_CONSTRAINT'],
  ['28P01', 'DESTINATION_AUTH_FAILED'],
  ['40P01', 'DESTINATION_BUSY'],
  ['42501', 'DESTINATION_PERMISSION_DENIED'],
  ['53100', 'DESTINATION_DISK_FULL'],
  ['53300', 'DESTINATION_BUSY'],
  ['55P03', 'DESTINATION_BUSY'],
  ['57P01', 'DESTINATION_UNREACHABLE'],
  ['SL001', 'STALE_RUN'],
  ['SL002', 'STALE_WRITER'],
  ['XX000', 'INTERNAL'],
])('SQLSTATE %s is %s', (sqlstate, code) => {
  const error = of(server(sqlstate));
  expect(error.code).toBe(code);
  expect(JSON.stringify([error.message, error.details, String(error.cause)])).not.toContain('secret');
});

test('a connection that broke is unreachable; our own mistakes are internal', () => {
  expect(of(Object.assign(new Error('x'), { code: 'ECONNRESET' })).code).toBe('DESTINATION_UNREACHABLE');
  expect(of(new Error('Connection terminated unexpectedly')).code).toBe('DESTINATION_UNREACHABLE');
  expect(of(new TypeError('x is not a function')).code).toBe('INTERNAL');
});

test('of COPY’s context only a known column’s name is kept', () => {
  const where = 'COPY items, line 3, column b: c: "a secret, column a: x"';
  expect(of(server('22P02', { where }), ['a', 'b', 'b: c']).details).toEqual({ sqlstate: '22P02', column: 'b: c' });
  expect(of(server('22P02', { where: 'COPY items, line 3: "a secret"' }), ['a']).details).toEqual({ sqlstate: '22P02' });
});

test('a permission error says on what, unless it is of an unknown form', () => {
  const denied = (message: string) => of(Object.assign(new Error(message), { severity: 'ERROR', code: '42501' })).detail;
  expect(denied('permission denied for table items')).toContain('permission denied for table items');
  expect(denied('something: "secret"')).not.toContain('secret');
});
