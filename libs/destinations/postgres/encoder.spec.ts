import { expect, test } from '@jest/globals';
import { ContractWatch } from '../../typing/index.js';
import { compileEncoder, type Reject } from './encoder.js';

const columns = [
  { name: 'id', path: ['id'], type: 'bigint' as const },
  { name: 'name', path: ['name'], type: 'text' as const },
  { name: 'more', path: ['more'], type: 'jsonb' as const },
];

test('writes a line a record, with what COPY treats specially escaped', () => {
  const encode = compileEncoder({ columns });
  const lines = encode(
    [{ id: 1, name: 'a\tb\\.\nc\r', more: { a: 'x\n"\\' } }, { id: null }, { id: 3, name: '', more: null }],
    [],
    0,
  );
  expect(lines).toBe('1\ta\\tb\\\\.\\nc\\r\t{"a":"x\\\\n\\\\"\\\\\\\\"}\n\\N\t\\N\t\\N\n3\t\t\\N\n');
});

test('numbers its lines where the order of reading must be kept', () => {
  const encode = compileEncoder({ columns: columns.slice(0, 1), numbered: true });
  expect(encode([{ id: 5 }, { id: 6 }], [], 40)).toBe('5\t40\n6\t41\n');
});

test('leaves out what cannot be loaded, and says why and where', () => {
  const encode = compileEncoder({ columns, required: ['id'] });
  const rejects: Reject[] = [];
  const lines = encode(
    [{ id: 1, name: 'a\0' }, { name: 'no id' }, { id: 2, name: '\ud800' }, { id: 3, more: ['\ud800'] }, { id: 4 }],
    rejects,
    0,
  );
  expect(lines).toBe('4\t\\N\t\\N\n');
  expect(rejects.map(({ reason, field }) => [reason, field]).sort()).toEqual([
    ['lone_surrogate', 'more'],
    ['lone_surrogate', 'name'],
    ['nul_character', 'name'],
    ['null_key', 'id'],
  ]);
});

test.each([
  ['two values left out of one record', [{ id: 1, ok: 'x', name: 'a\0' }], 2, 0],
  [
    'a record looked at again, since its batch holds half a surrogate pair',
    [
      { id: 1, ok: 'x' },
      { id: 2, name: '\ud83d' },
    ],
    2,
    0,
  ],
  ['both in one record', [{ id: 1, ok: 'x', name: '\ud83d' }], 2, 0],
  ['a record that is rejected for its key', [{ id: '\ud83d', ok: 'x', name: 'a\0' }], 0, 1],
  ['a record that is rejected for a field that is new', [{ id: 1, ok: 'x', name: 'a\0', new: 'y' }], 0, 1],
])('counts each value left out once, and none of records that are not loaded: %s', (_, records, discarded, rejected) => {
  const own = [
    { name: 'id', path: ['id'], type: 'text' as const },
    { name: 'ok', path: ['ok'], type: 'boolean' as const },
    { name: 'name', path: ['name'], type: 'text' as const },
  ];
  const contract = { typeConflicts: 'discard_value', newFields: 'quarantine' } as const;
  const watch = new ContractWatch({ columns: own, contract, fixed: ['id'] });
  const rejects: Reject[] = [];
  compileEncoder({ columns: own, watch, required: ['id'] })(records, rejects, 0);
  expect([watch.discarded, rejects.length]).toEqual([discarded, rejected]);
});

test('a field with the name of something that every object has is absent unless the record has it', () => {
  const encode = compileEncoder({
    columns: [
      { name: 'constructor', path: ['constructor'], type: 'text' },
      { name: '__proto__', path: ['__proto__'], type: 'text' },
    ],
  });
  expect(encode([{}, JSON.parse('{"constructor": "c", "__proto__": "p"}') as Record<string, unknown>], [], 0)).toBe(
    '\\N\t\\N\nc\tp\n',
  );
});

test('names are data, never code', () => {
  const name = `"]; throw new Error('run'); //\n\u2028\``;
  expect(compileEncoder({ columns: [{ name, path: [name], type: 'text' }] })([{ [name]: 'x' }], [], 0)).toBe('x\n');
});

test('integers of every size go into columns that were there before, or are kept aside', () => {
  const encode = compileEncoder({
    columns: [
      { name: 's', path: ['s'], type: 'smallint' },
      { name: 'i', path: ['i'], type: 'integer' },
    ],
  });
  const rejects: Reject[] = [];
  const records = [
    { s: -32_768, i: 2_147_483_647 },
    { s: 1n, i: '5' },
    { s: 32_768 },
    { i: 2_147_483_648 },
    { i: 9_007_199_254_740_993n },
  ];
  expect(encode(records, rejects, 0)).toBe('-32768\t2147483647\n1\t5\n');
  expect(rejects.map(({ field }) => field)).toEqual(['s', 'i', 'i']);
});
