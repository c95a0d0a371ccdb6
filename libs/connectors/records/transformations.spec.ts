import { describe, expect, it } from '@jest/globals';
import type { SourceRecord } from '../../contracts/stream.js';
import { stringifyJson } from '../../json/index.js';
import { compileComponent } from './test-support.js';
import { transformations } from './transformations.component.js';

// Every expectation is what airbyte-cdk 7.39.1 made of the same record, with config {"c": "x"} and the slice {"p": "9"}.

function transformed(definition: object, record: SourceRecord): unknown {
  const change = compileComponent(() => transformations, definition);
  const copy = structuredClone(record);
  change(copy, { nowMs: 0, names: { config: { c: 'x' }, stream_slice: { p: '9' }, record: copy } });
  return JSON.parse(stringifyJson(copy));
}
const added = (path: string[], value: string, more: object = {}): object => ({
  type: 'AddFields',
  fields: [{ path, value, ...more }],
});
const removed = (...pointers: string[][]): object => ({ type: 'RemoveFields', field_pointers: pointers });
const lifted = (path: string[], more: object = {}): object => ({ type: 'DpathFlattenFields', field_path: path, ...more });

type Cases = [object, SourceRecord, SourceRecord][];

describe('AddFields', () => {
  it.each<Cases[number]>([
    [added(['a'], '{{ record.b }}'), { b: 1 }, { a: 1, b: 1 }],
    [added(['a'], '{{ record.b }}'), {}, { a: '' }],
    [added(['a'], '{{ record.b }}'), { b: null }, { a: null, b: null }],
    [added(['a'], '{{ record.b }}'), { b: '05' }, { a: '05', b: '05' }],
    [added(['a'], '{{ record.b }}'), { b: [1, 'y'] }, { a: [1, 'y'], b: [1, 'y'] }],
    [added(['a', 'b', 'c'], '1'), { a: { z: 1 } }, { a: { z: 1, b: { c: 1 } } }],
    [added(['a', '2'], 'x'), { a: [1] }, { a: [1, null, 'x'] }],
    [added(['a', '1', 'b'], 'x'), {}, { a: [null, { b: 'x' }] }],
    [added(['x{{ 1 }}'], '1'), {}, { 'x{{ 1 }}': 1 }],
    [added(['f'], '5', { value_type: 'string' }), {}, { f: '5' }],
    [added(['f'], '5', { value_type: 'number' }), {}, { f: '5' }],
    [added(['f'], '1.5', { value_type: 'number' }), {}, { f: 1.5 }],
    [added(['f'], "'q'", { value_type: 'number' }), {}, { f: "'q'" }],
    [added(['f'], "'q'", { value_type: 'string' }), {}, { f: 'q' }],
    [added(['f'], '{{ record.a }}', { value_type: 'integer' }), {}, { f: '' }],
    [added(['f'], 'True', { value_type: 'integer' }), {}, { f: true }],
    [added(['f'], '5', { value_type: 'boolean' }), {}, { f: '5' }],
    [added(['f'], '(1, 2)'), {}, { f: [1, 2] }],
    [added(['f'], '{{ stream_slice.p }}'), {}, { f: 9 }],
    [{ ...added(['f'], '{{ record.a }}'), condition: '{{ value == 1 }}' }, { a: 2 }, { a: 2 }],
    [{ ...added(['f'], '{{ record.a }}'), condition: "{{ path == ['f'] }}" }, { a: 2 }, { a: 2, f: 2 }],
  ])('%j on %j', (definition, record, expected) => expect(transformed(definition, record)).toEqual(expected));

  it('sees fields that were added before', () => {
    const fields = [
      { path: ['x'], value: '1' },
      { path: ['y'], value: '{{ record.x + 1 }}' },
    ];
    expect(transformed({ type: 'AddFields', fields }, {})).toEqual({ x: 1, y: 2 });
  });

  it('does not put a field below a value that holds none', () => {
    expect(() => transformed(added(['a', 'b'], '1'), { a: null })).toThrow('a value on its way holds no fields');
  });

  it('reaches no prototype', () => {
    transformed(added(['__proto__', 'polluted'], '1'), {});
    expect(({} as SourceRecord)['polluted']).toBeUndefined();
  });
});

describe('RemoveFields', () => {
  it.each<Cases[number]>([
    [removed(['a'], ['zz']), { a: 1, b: 2 }, { b: 2 }],
    [removed(['a', 'b']), { a: { b: 1, c: 2 } }, { a: { c: 2 } }],
    [removed(['a', 'b']), { a: null }, { a: null }],
    [removed(['a', '*', 'b']), { a: [{ b: 1, c: 2 }, { b: 3 }] }, { a: [{ c: 2 }, {}] }],
    [removed(['a', '*']), { a: [1, 2, 3] }, { a: [null, null] }],
    [removed(['a', '0']), { a: [1, 2] }, { a: [null, 2] }],
    [removed(['a', '-1']), { a: [1, 2] }, { a: [1] }],
    [removed(['**', 'b']), { a: { b: 1 }, b: 2, c: [{ b: 1, d: 2 }] }, { a: {}, c: [{ d: 2 }] }],
    [removed(['a*'], ['[xy]']), { ab: 1, x: 2, z: 3 }, { z: 3 }],
    [
      { ...removed(['**']), condition: "{{ property == '' }}" },
      { a: '', b: { c: '', d: 1 }, e: ['', 'x', ''], f: null },
      { b: { d: 1 }, e: [null, 'x'], f: null },
    ],
    // The pointers say nothing once there is a condition.
    [
      { ...removed(['zz']), condition: '{{ property is none }}' },
      { a: null, b: { c: null }, d: 1 },
      { b: {}, d: 1 },
    ],
  ])('%j on %j', (definition, record, expected) => expect(transformed(definition, record)).toEqual(expected));
});

describe('keys', () => {
  it('go to lower case at the top only', () => {
    expect(transformed({ type: 'KeysToLower' }, { A: 1, b: { C: 2 } })).toEqual({ a: 1, b: { C: 2 } });
  });

  it('are replaced in objects, not in lists', () => {
    const definition = { type: 'KeysReplace', old: ' ', new: '_' };
    expect(transformed(definition, { 'a b c': { 'd e': [{ 'f g': 1 }] } })).toEqual({ a_b_c: { d_e: [{ 'f g': 1 }] } });
    expect(transformed({ type: 'KeysReplace', old: 'a', new: '$&' }, { a: 1 })).toEqual({ '$&': 1 });
  });

  it.each([
    ['CamelCase', 'camel_case'],
    ['camelCase', 'camel_case'],
    ['XMLHttpRequest', 'xmlhttp_request'],
    ['FIELD_NAME', 'field_name'],
    ['🤖MyName', '_robot_my_name'],
    ['MyName🤖', 'my_name_robot_'],
    ['my_name', 'my_name'],
    ['  lead', '_lead'],
    [' trail ', '_trail_'],
    ['a  b', 'a_b'],
    ['a-b.c', 'a_b_c'],
    ['1abc', '_1_abc'],
    ['abc1', 'abc_1'],
    ['a1b2', 'a_1_b_2'],
    ['Äpfel Größe', 'apfel_grosse'],
    ['__x__', '_x_'],
    ['_', ''],
    ['', ''],
    ['$id', '_id'],
    ['123', '_123'],
    ['ID', 'id'],
    ['userID2', 'user_id_2'],
    ['é', 'e'],
    ['中文', 'zhong_wen'],
    ['x_1', 'x_1'],
    ['A', 'a'],
    ['a_', 'a_'],
    ['@type', '_type'],
    ['foo (bar)', 'foo_bar_'],
    ['x%y', 'x_y'],
    ['9 lives', '_9_lives'],
  ])('in snake case: %j is %j', (name, expected) => {
    expect(Object.keys(transformed({ type: 'KeysToSnakeCase' }, { [name]: 1 }) as object)).toEqual([expected]);
  });
});

describe('a hostile manifest', () => {
  it('cannot fill memory with names', () => {
    const double = { type: 'KeysReplace', old: 'a', new: 'a'.repeat(1_000) };
    expect(() => transformed(double, { ['a'.repeat(20)]: 1 })).toThrow('a field name of 20000 characters');
    expect(() => transformed(lifted(['a'], { key_transformation: { prefix: 'x'.repeat(20_000) } }), { a: { b: 1 } })).toThrow(
      'a field name',
    );
  });

  it('cannot fill memory with lists, or search without end', () => {
    expect(() => transformed(added(['a', '999999999'], '1'), { a: [] })).toThrow('cannot be added');
    expect(() => transformed(removed(['**', 'a', '**']), {})).toThrow('a pointer may hold "**" once');
  });
});

describe('flattening', () => {
  it.each<Cases[number]>([
    [
      { type: 'FlattenFields', flatten_lists: true },
      { a: { b: 1, c: { d: 2 } }, e: 3 },
      { e: 3, d: 2, b: 1 },
    ],
    [
      { type: 'FlattenFields', flatten_lists: true },
      { a: { x: 1 }, x: 2 },
      { x: 2, 'a.x': 1 },
    ],
    [{ type: 'FlattenFields', flatten_lists: true }, { x: 2, a: { x: 1 } }, { x: 2 }],
    [
      { type: 'FlattenFields', flatten_lists: true },
      { l: [1, { q: 2 }, [3]], z: { w: 1 } },
      { w: 1, 'l.2.0': 3, 'l.1.q': 2, 'l.0': 1 },
    ],
    [
      { type: 'FlattenFields', flatten_lists: true },
      { z: { w: 1 }, l: [{ q: 1 }, { q: 2 }] },
      { 'l.1.q': 2, 'l.0.q': 1, 'z.w': 1 },
    ],
    [{ type: 'FlattenFields', flatten_lists: true }, { a: {}, b: [], c: null }, { c: null }],
    [
      { type: 'FlattenFields', flatten_lists: true },
      { a: { id: 1 }, b: { id: 2 }, id: 3 },
      { id: 3, 'b.id': 2, 'a.id': 1 },
    ],
    [
      { type: 'FlattenFields', flatten_lists: true },
      { a: [{ b: { c: 1 } }], d: { e: { f: 5 } } },
      { f: 5, 'a.0.b.c': 1 },
    ],
    [
      { type: 'FlattenFields', flatten_lists: false },
      { a: { b: 1, c: { d: 2 } }, e: 3 },
      { e: 3, d: 2, b: 1 },
    ],
    [
      { type: 'FlattenFields', flatten_lists: false },
      { a: { x: 1 }, x: 2 },
      { x: 2, 'a.x': 1 },
    ],
    [{ type: 'FlattenFields', flatten_lists: false }, { x: 2, a: { x: 1 } }, { x: 2 }],
    [
      { type: 'FlattenFields', flatten_lists: false },
      { l: [1, { q: 2 }, [3]], z: { w: 1 } },
      { w: 1, l: [1, { q: 2 }, [3]] },
    ],
    [
      { type: 'FlattenFields', flatten_lists: false },
      { z: { w: 1 }, l: [{ q: 1 }, { q: 2 }] },
      { l: [{ q: 1 }, { q: 2 }], w: 1 },
    ],
    [
      { type: 'FlattenFields', flatten_lists: false },
      { a: {}, b: [], c: null },
      { c: null, b: [] },
    ],
    [
      { type: 'FlattenFields', flatten_lists: false },
      { a: { id: 1 }, b: { id: 2 }, id: 3 },
      { id: 3, 'b.id': 2, 'a.id': 1 },
    ],
    [
      { type: 'FlattenFields', flatten_lists: false },
      { a: [{ b: { c: 1 } }], d: { e: { f: 5 } } },
      { f: 5, a: [{ b: { c: 1 } }] },
    ],
  ])('%j on %j', (definition, record, expected) => expect(transformed(definition, record)).toEqual(expected));

  it.each<Cases[number]>([
    [lifted(['a']), { a: { b: 1 }, c: 2 }, { a: { b: 1 }, b: 1, c: 2 }],
    [lifted(['a']), { a: { c: 1 }, c: 2 }, { a: { c: 1 }, c: 2 }],
    [lifted(['a'], { delete_origin_value: true }), { a: { b: 1 }, c: 2 }, { b: 1, c: 2 }],
    [lifted(['a'], { delete_origin_value: true }), { a: { a: 1 } }, { a: { a: 1 } }],
    [lifted(['a'], { replace_record: true }), { a: { a: 1 }, c: 2 }, { a: 1 }],
    [lifted(['a'], { replace_record: true }), { a: {}, c: 2 }, { a: {}, c: 2 }],
    [lifted(['a', '*']), { a: [{ b: 1 }, { c: 2 }] }, { a: [{ b: 1 }, { c: 2 }], b: 1 }],
    [
      lifted(['a'], { key_transformation: { prefix: '{{ config.c }}_', suffix: '_s' } }),
      { a: { b: 1 } },
      { a: { b: 1 }, x_b_s: 1 },
    ],
  ])('of one object: %j on %j', (definition, record, expected) => expect(transformed(definition, record)).toEqual(expected));
});
