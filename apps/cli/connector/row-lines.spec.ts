import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonRecords } from '../../../libs/json/test-support.js';
import { parseJson, scanRows, stringifyJson } from '../../../libs/json/index.js';
import { recordLines } from './protocol.js';
import { rowLines } from './row-lines.js';

const rowsOf = (list: string) => scanRows(Buffer.from(`{"data":${list}}`), ['data'])?.rows;
const linesOf = (text: string): string => {
  const rows = rowsOf(text);
  if (rows === undefined) throw new Error(`no rows: ${text}`);
  return rowLines('s', rows, 1).toString();
};
const dataOf = (record: string): string =>
  /^\{"type":"RECORD","record":\{"stream":"s","data":(.*),"emitted_at":1\}\}\n$/.exec(linesOf(`[${record}]`))?.[1] ?? '';

describe('lines of records that nobody has parsed', () => {
  it('hold what the lines of the parsed records hold', () => {
    let compared = 0;
    fc.assert(
      fc.property(jsonRecords, (records) => {
        const rows = rowsOf(`[${records.join(',')}]`);
        if (rows === undefined) return;
        compared += rows.length;
        const lines = rowLines('é "quoted"', rows, 7).toString();
        const parsed = recordLines('é "quoted"', rows.records(), 7);
        const values = (text: string): string[] => text.split('\n').map((line) => line && stringifyJson(parseJson(line)));
        expect(values(lines)).toEqual(values(parsed));
      }),
      { numRuns: 500 },
    );
    expect(compared).toBeGreaterThan(100);
  });

  it.each([
    ['{"a":1,"b":"x"}', '{"a":1,"b":"x"}'],
    ['{"a":null,"b":2,"c":3}', '{"b":2,"c":3}'],
    ['{"a":1,"b":null,"c":3}', '{"a":1,"c":3}'],
    ['{"a":1,"b":null,"c":null,"d":4,"e":null}', '{"a":1,"d":4}'],
    ['{"a":null}', '{}'],
    ['{}', '{}'],
    ['{ "a" : null , "b" : [null,{"c":null}] }', '{ "b" : [null,{"c":null}]}'],
    ['{"a":"null","n":0.10000000000000000550,"i":12345678901234567890}', undefined],
  ])('are the text itself, without null fields of the top level: %s', (record, data = record) => {
    expect(dataOf(record)).toBe(data);
  });

  it('are one line each where the text has line ends', () => {
    expect(linesOf('[\n  {\n    "a": 1.50,\n    "b": null\r\n  }\n]')).toBe(recordLines('s', [{ a: 1.5 }], 1));
  });
});
