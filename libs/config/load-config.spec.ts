import { expect, test } from '@jest/globals';
import { apiEnvSchema, type ConfigError, loadConfig, workerEnvSchema } from './index.js';

const good = {
  SLUICE_DATABASE_URL: 'postgres://u:p@localhost:5432/d',
  SLUICE_SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
};

test('every problem is named at once, with an example and without the value', () => {
  let problems: readonly string[] = [];
  try {
    loadConfig(apiEnvSchema, { SLUICE_DATABASE_URL: 'mysql://hidden', PORT: '99999', SLUICE_BOOTSTRAP_API_KEY: 'hidden' });
  } catch (error) {
    problems = (error as ConfigError).problems;
  }
  expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
    'PORT',
    'SLUICE_BOOTSTRAP_API_KEY',
    'SLUICE_DATABASE_URL',
    'SLUICE_SECRET_KEY',
  ]);
  expect(problems.join()).toContain('example: postgres://');
  expect(problems.join()).toContain('SLUICE_SECRET_KEY: is missing');
  expect(problems.join()).not.toContain('hidden');
});

test('defaults hold for what is absent or empty', () => {
  expect(loadConfig(apiEnvSchema, { ...good, PORT: '' })).toMatchObject({ HOST: '127.0.0.1', PORT: 8080, LOG_LEVEL: 'info' });
  expect(loadConfig(apiEnvSchema, { ...good, PORT: '0' }).PORT).toBe(0);
  expect(loadConfig(workerEnvSchema, good).SLUICE_SECRET_KEY).toEqual(Buffer.alloc(32, 1));
});

test('old keys are a list', () => {
  const old = [Buffer.alloc(32, 2), Buffer.alloc(32, 3)];
  const text = old.map((key) => key.toString('base64')).join(', ');
  expect(loadConfig(apiEnvSchema, { ...good, SLUICE_SECRET_KEYS_OLD: text }).SLUICE_SECRET_KEYS_OLD).toEqual(old);
});
