import { expect, test } from '@jest/globals';
import type { ColumnType } from '../../typing/index.js';
import { evolve, type ExistingColumn } from './evolve.js';

const column = (name: string, type: ColumnType = 'text') => ({ name, path: [name], type });
const existing = (name: string, type = 'text', more: Partial<ExistingColumn> = {}): ExistingColumn => ({
  ...{ name, type, notNull: false, filled: false, computed: false },
  ...more,
});

test('a table that is missing is made', () => {
  expect(evolve(null, [column('a')])).toEqual({ kind: 'create', columns: [column('a')] });
});

test('columns that are missing are added; columns that the stream does not have are left alone', () => {
  expect(evolve([existing('a'), existing('mine')], [column('a'), column('b', 'bigint')])).toEqual({
    kind: 'add',
    columns: [column('b', 'bigint')],
  });
});

test('a column of a type that takes every value, or refuses it loudly, fits', () => {
  expect(evolve([existing('a', 'integer'), existing('b', 'character varying')], [column('a', 'bigint'), column('b')])).toEqual({
    kind: 'fits',
  });
});

test('every problem is named at once', () => {
  const table = [
    existing('a', 'numeric(10,2)'),
    existing('b', 'text', { computed: true }),
    existing('c', 'text', { notNull: true }),
    existing('d', 'text', { notNull: true, filled: true }),
  ];
  const result = evolve(table, [column('a', 'numeric'), column('b')]);
  expect(result).toMatchObject({ kind: 'conflict' });
  expect(result.kind === 'conflict' && result.problems.map((problem) => problem.split(' ')[1])).toEqual(['a', 'b', 'c']);
});
