import js from '@eslint/js';
import importX from 'eslint-plugin-import-x';
import prettier from 'eslint-config-prettier';
import ts from 'typescript-eslint';

/** Arrows go one way: apps → activities → libs; workflows → contracts, errors and pure files only. test/architecture checks the same on the real graph. */
const layer = (files, forbidden) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: forbidden.map(([group, message]) => ({ group, message })) }] },
});

export default ts.config(
  { ignores: ['dist', '.sluice', 'coverage', 'node_modules', 'test/replay/histories'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [ts.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    },
  },
  {
    files: ['**/*.mjs', 'bin/*'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'URL',
          'Buffer',
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
          'fetch',
          'performance',
          'AbortSignal',
          'AbortController',
          'TextDecoder',
        ].map((n) => [n, 'readonly']),
      ),
    },
  },
  layer(['libs/**/*.ts'], [[['**/apps/**', '**/activities/**', '**/workflows/**'], 'libs know nothing above them']]),
  layer(['activities/**/*.ts'], [[['**/apps/**'], 'activities know no app']]),
  layer(
    ['workflows/**/*.ts'],
    [
      [['**/apps/**'], 'workflows know no app'],
      [
        ['**/libs/store/**', '**/libs/destinations/**', '**/libs/egress/**', '**/libs/connectors/**', 'node:*', 'pg', 'undici'],
        'workflows are deterministic: contracts, errors and pure policies only',
      ],
    ],
  ),
  prettier,
);
