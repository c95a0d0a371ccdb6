import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonRecords, jsonText } from './test-support.js';
import { FIELD_SIZE, NAME_SHIFT, parseJson, scanRows } from './index.js';

const rowsOf = (text: string, path: string[] = ['data']) => scanRows(Buffer.from(text), path)?.rows ?? null;

describe('scanRows', () => {
  it('finds the very records, fields and values that a parser does', () => {
    fc.assert(
      fc.property(jsonRecords, fc.boolean(), (texts, listed) => {
        const list = `[${texts.join(' ,\n')}]`;
        const text = listed ? list : `{"next" : "a\\"b", "data": ${list} , "more":[{"data":1}]}`;
        const expected = (listed ? parseJson(text) : (parseJson(text) as { data: unknown }).data) as Record<string, unknown>[];
        const rows = rowsOf(text, listed ? [] : ['data']);
        // Names with escapes, names that come twice and, where the text is the list, empty records are left to the parser.
        if (rows === null) return;
        expect(rows.records()).toEqual(expected);
        for (const [row, record] of expected.entries()) {
          const found: [string, unknown][] = [];
          for (let at = rows.first[row] as number; at < (rows.first[row + 1] as number); at += FIELD_SIZE)
            found.push([rows.names[(rows.fields[at] as number) >> NAME_SHIFT] as string, rows.value(at)]);
          expect(Object.fromEntries(found)).toEqual(record);
        }
        for (const name of rows.names)
          expect(Array.from(rows.column(name), (place) => (place < 0 ? undefined : rows.value(place)))).toEqual(
            expected.map((record) => (Object.hasOwn(record, name) ? record[name] : undefined)),
          );
      }),
      { numRuns: 500 },
    );
  });

  it('never finds records in what is no JSON', () => {
    let found = 0;
    fc.assert(
      fc.property(
        jsonRecords,
        fc.nat(),
        fc.constantFrom(...'{}[]",:\\0-.e \u0001tnfx'),
        fc.boolean(),
        (texts, at, letter, cuts) => {
          const text = `{"data":[${texts.join(',')}]}`;
          const place = at % text.length;
          const broken = text.slice(0, place) + letter + text.slice(place + (cuts ? 1 : 0));
          const rows = rowsOf(broken);
          if (rows === null) return;
          found += 1;
          expect(rows.records()).toEqual((parseJson(Buffer.from(broken)) as { data: unknown }).data);
        },
      ),
      { numRuns: 1_000 },
    );
    expect(found).toBeGreaterThan(0);
  });

  it('takes every text in which nothing is special', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ id: fc.integer(), ok: fc.boolean(), at: fc.string({ unit: 'grapheme' }) })), (records) => {
        expect(rowsOf(jsonText({ data: records }))?.length).toBe(records.length);
      }),
    );
  });

  it.each([
    ['no such list', '{"items":[]}'],
    ['something else there', '{"data":{"a":1}}'],
    ['the list twice', '{"data":[{"a":1}],"data":[]}'],
    ['records that are no objects', '{"data":[{"a":1},2]}'],
    ['a name twice', '{"data":[{"a":1,"a":2}]}'],
    ['a name with an escape', '{"data":[{"\\u0061":1}]}'],
    ['a name that objects treat in their own way', '{"data":[{"__proto__":1}]}'],
    ['a byte order mark', '\ufeff{"data":[]}'],
    ['more behind it', '{"data":[]} {}'],
    ['nothing', ''],
    ['a cut', '{"data":[{"a":1},'],
    ['deep nesting', `{"data":[{"a":${'['.repeat(300)}${']'.repeat(300)}}]}`],
    ['a hostile number of names', `{"data":[{${Array.from({ length: 3_000 }, (_, n) => `"f${n}":1`).join()}}]}`],
  ])('leaves a text with %s to the parser', (_, text) => {
    expect(rowsOf(text)).toBeNull();
  });

  it('leaves bytes that are no UTF-8 to the parser', () => {
    expect(
      scanRows(Buffer.concat([Buffer.from('{"data":[{"a":"'), Buffer.from([0xff]), Buffer.from('"}]}')]), ['data']),
    ).toBeNull();
  });

  it('follows a path and says where the list stands', () => {
    const body = Buffer.from('{"x":{"y":[1]},"a":{"b":[{"c":1}], "n":2}}');
    const { rows, list } = scanRows(body, ['a', 'b']) ?? {};
    expect(rows?.records()).toEqual([{ c: 1 }]);
    expect(body.subarray(list?.start, list?.end).toString()).toBe('[{"c":1}]');
  });
});
