import { expect, test } from '@jest/globals';
import type { Column, ColumnType } from './column.js';
import { evolve, type ExistingColumn } from './evolve.js';

const column = (name: string, type: ColumnType = 'text', more: Partial<Column> = {}): Column => ({
  name,
  path: [name],
  type,
  ...more,
});
const existing = (name: string, type: ColumnType | null = 'text', more: Partial<ExistingColumn> = {}): ExistingColumn => ({
  ...{ name, type, words: type ?? 'numeric(10,2)', notNull: false, filled: false, computed: false },
  ...more,
});
const theirs = { theirs: true } as const;

test('a table that is missing is made', () => {
  expect(evolve(null, [column('a')])).toEqual({ kind: 'create', columns: [column('a')] });
});

test('columns that are missing are added; columns that the stream does not have are left alone', () => {
  expect(evolve([existing('a'), existing('mine')], [column('a'), column('b', 'bigint')])).toEqual({
    kind: 'change',
    columns: [column('a', 'text', theirs), column('b', 'bigint')],
    add: [column('b', 'bigint')],
    widenings: [],
  });
});

test('a column that somebody else made is taken as it is where it refuses loudly what it cannot hold', () => {
  expect(evolve([existing('a', 'integer'), existing('b')], [column('a', 'bigint'), column('b', 'uuid')])).toEqual({
    kind: 'change',
    columns: [column('a', 'integer', theirs), column('b', 'text', theirs)],
    add: [],
    widenings: [],
  });
  expect(evolve([existing('a', 'integer')], [column('a', 'numeric')], { known: [column('a', 'integer', theirs)] })).toMatchObject(
    {
      kind: 'conflict',
    },
  );
});

test('a column of the stream’s own is widened to what it is to hold, and never narrowed', () => {
  const known = ['n', 'd', 't', 'o'].map((name) => column(name));
  const table = [existing('n', 'bigint'), existing('d', 'date'), existing('t', 'text'), existing('o', 'boolean')];
  const wanted = [column('n', 'numeric'), column('d', 'bigint'), column('t', 'bigint'), column('o', 'jsonb')];
  expect(evolve(table, wanted, { known })).toEqual({
    kind: 'change',
    columns: [column('n', 'numeric'), column('d', 'text'), column('t', 'text'), column('o', 'jsonb')],
    add: [],
    widenings: [
      { column: column('n', 'numeric'), from: 'bigint' },
      { column: column('d', 'text'), from: 'date' },
      { column: column('o', 'jsonb'), from: 'boolean' },
    ],
  });
});

test('a key or a cursor is widened only where its order stays', () => {
  const known = [column('k')];
  expect(evolve([existing('k', 'bigint')], [column('k', 'numeric')], { known, fixed: ['k'] })).toMatchObject({ kind: 'change' });
  expect(evolve([existing('k', 'bigint')], [column('k', 'text')], { known, fixed: ['k'] })).toMatchObject({ kind: 'conflict' });
});

test('a column without a type of its own takes the one of its first values', () => {
  const open = column('k', 'text', { inferred: true, provisional: true });
  const known = column('k', 'bigint', { inferred: true });
  expect(evolve([existing('k')], [open], { known: [open] })).toMatchObject({ columns: [open], widenings: [] });
  expect(evolve([existing('k')], [known], { known: [open], fixed: ['k'] })).toMatchObject({
    columns: [known],
    widenings: [{ column: known, from: 'text' }],
  });
  expect(evolve([existing('k', 'uuid')], [open])).toMatchObject({
    columns: [column('k', 'uuid', { inferred: true, theirs: true })],
  });
});

test('every problem is named at once', () => {
  const table = [
    existing('a', null),
    existing('b', 'text', { computed: true }),
    existing('c', 'text', { notNull: true }),
    existing('d', 'text', { notNull: true, filled: true }),
  ];
  const result = evolve(table, [column('a', 'numeric'), column('b')]);
  expect(result).toMatchObject({ kind: 'conflict' });
  expect(result.kind === 'conflict' && result.problems.map((problem) => problem.split(' ')[1])).toEqual(['a', 'b', 'c']);
});
