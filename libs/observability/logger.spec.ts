import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { loggerOptions, type Logger } from './logger.js';
import { safeError } from './safe-error.js';

const MARKER = 'marker-4711';

function logged(write: (logger: Logger) => void): string {
  let out = '';
  write(pino(loggerOptions({ app: 'test', level: 'info' }), { write: (line) => void (out += line) }));
  return out;
}

test('secrets are redacted down to the second level', () => {
  const out = logged((logger) =>
    logger.info({
      password: MARKER,
      connection: { secrets: MARKER },
      req: { headers: { authorization: MARKER, 'x-api-key': MARKER } },
    }),
  );
  expect(out).not.toContain(MARKER);
  expect(out.match(/\[redacted\]/g)).toHaveLength(4);
});

test('an error keeps kind, code, place and cause, and loses what may quote a value', () => {
  const database = Object.assign(new Error(`invalid input syntax: "${MARKER}"`), {
    ...{ code: '22P02', severity: 'ERROR', routine: 'x', detail: MARKER, table: 'orders' },
  });
  const address = new Error(`connect to postgres://u:${MARKER}@host/db failed`, { cause: database });
  const out = logged((logger) => logger.error({ err: address }, 'failed'));
  expect(out).not.toContain(MARKER);
  expect(safeError(address)).toMatchObject({ type: 'Error', cause: { code: '22P02', table: 'orders' } });
  expect(safeError(address).message).toBe('connect to postgres://***@host/db failed');
  expect(safeError(new SyntaxError(MARKER)).message).not.toContain(MARKER);
});
