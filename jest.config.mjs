/** Runs under NODE_OPTIONS=--experimental-vm-modules; `npm test` (scripts/test.mjs) sets it and starts the real services first. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/{apps,workflows,activities,libs,bench,test}/**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.sluice'],
  testTimeout: 60_000,
};
