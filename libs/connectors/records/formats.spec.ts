import { describe, expect, it } from '@jest/globals';
import { csvDecoding } from './csv-decoding.js';
import { tableRows } from './table-rows.js';
import { parseXml } from './xml.js';

// Every expectation is what airbyte-cdk 7.39.1 made of the same text (csv.DictReader, xmltodict 0.14.2, pandas.read_csv).

describe('CSV', () => {
  const rows = (text: string, delimiter = ','): unknown[] => csvDecoding({ delimiter, nulls: new Set(['NULL']) })(text);

  it.each<[string, unknown[]]>([
    ['a,b\n1,2\n', [{ a: '1', b: '2' }]],
    [
      'a,b\r\n1,2\r3,4',
      [
        { a: '1', b: '2' },
        { a: '3', b: '4' },
      ],
    ],
    ['a,b\n1\n', [{ a: '1', b: null }]],
    ['a,b\n1,2,3\n', [{ a: '1', b: '2', null: ['3'] }]],
    ['a,b\n\n1,2\n\n', [{ a: '1', b: '2' }]],
    ['a,b\n"x,y","x""y"\n', [{ a: 'x,y', b: 'x"y' }]],
    ['a,b\n"x\r\ny",2\n', [{ a: 'x\ny', b: '2' }]],
    ['a,b\nx"y,2\n', [{ a: 'x"y', b: '2' }]],
    ['a,b\n"x"y,2\n', [{ a: 'xy', b: '2' }]],
    ['a,b\n"unclosed,2\n3,4', [{ a: 'unclosed,2\n3,4', b: null }]],
    ['a,b\n ,\t\n', [{ a: ' ', b: '\t' }]],
    ['a,a\n1,2', [{ a: '2' }]],
    ['a,b\n,\n', [{ a: '', b: '' }]],
    ['a,b\n1,', [{ a: '1', b: '' }]],
    ['\uFEFFa,b\n1,2', [{ '\uFEFFa': '1', b: '2' }]],
    ['a\n"1""\n2"\n', [{ a: '1"\n2' }]],
    ['a,b\n""x,"y""\n', [{ a: 'x', b: 'y"\n' }]],
    ['\n\na,b\n', [{ null: ['a', 'b'] }]],
    ['', []],
    ['a,b', []],
  ])('reads %j as Python does', (text, expected) => expect(rows(text)).toEqual(expected));

  it('takes another delimiter, and the values that mean nothing', () => {
    expect(rows('a;b\n1,2;NULL', ';')).toEqual([{ a: '1,2', b: null }]);
  });

  it('ends a field that would not end', () => {
    expect(() => rows(`a\n"${'x'.repeat(140_000)}`)).toThrow('a CSV field is too long');
  });
});

describe('the files of jobs', () => {
  const read = (text: string, keepsNames = false): unknown[] => tableRows(text, { keepsNames });

  it.each<[string, unknown[]]>([
    [
      'a,b\nNA,null\nx,None\n',
      [
        { a: null, b: null },
        { a: 'x', b: null },
      ],
    ],
    ['\uFEFFa,b\n1,2\n', [{ a: '1', b: '2' }]],
    ['a,a,\n1,2,3\n', [{ a: '1', 'a.1': '2', 'Unnamed: 2': '3' }]],
    ['a,b\n\n  \n1\n', [{ a: '1', b: null }]],
    ['a,b\n"NA","q ""x"""\n', [{ a: null, b: 'q "x"' }]],
    ['', []],
  ])('reads %j as pandas does', (text, expected) => expect(read(text)).toEqual(expected));

  it('keeps names that mean nothing where the manifest says so', () => {
    expect(read('a,b\nNA,\n', true)).toEqual([{ a: 'NA', b: null }]);
  });

  it('refuses a row with more cells than the header', () => {
    expect(() => read('a\n1,2\n')).toThrow('row 1 has more cells than the header');
  });
});

describe('XML', () => {
  it.each<[string, unknown]>([
    ['<a>1</a>', { a: '1' }],
    ['<a>  </a>', { a: null }],
    ['<a x="1"/>', { a: { '@x': '1' } }],
    ['<a x="1">t</a>', { a: { '@x': '1', '#text': 't' } }],
    ['<a><b/><b>2</b><b z="3"/></a>', { a: { b: [null, '2', { '@z': '3' }] } }],
    ['<a> x <b>1</b> y </a>', { a: { b: '1', '#text': 'x  y' } }],
    ['<a>1<![CDATA[ <2> ]]>3</a>', { a: '1 <2> 3' }],
    ['<n:a xmlns:n="u" n:x="1"><n:b>1</n:b></n:a>', { 'n:a': { '@xmlns:n': 'u', '@n:x': '1', 'n:b': '1' } }],
    ['<a>&lt;&amp;&#65;&#x42;</a>', { a: '<&AB' }],
    ['<!-- c --><a><!-- c -->t<?pi x?></a>', { a: 't' }],
    ['\uFEFF<a>\r\nb\r\nc</a>', { a: 'b\nc' }],
    [
      '<a><__proto__>1</__proto__><constructor>2</constructor></a>',
      { a: JSON.parse('{"__proto__":"1","constructor":"2"}') as unknown },
    ],
  ])('reads %j as xmltodict does', (text, expected) => expect(JSON.stringify(parseXml(text))).toBe(JSON.stringify(expected)));

  it.each([
    ['<!DOCTYPE a [<!ENTITY e "val">]><a>&e;</a>', { a: null }],
    ['<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>q&e;</a>', { a: 'q' }],
    [`<!DOCTYPE a [<!ENTITY b "${'b'.repeat(99)}"><!ENTITY c "${'&b;'.repeat(99)}">]><a>${'&c;'.repeat(99)}</a>`, { a: null }],
  ])('does not expand entities of the document: %j', (text, expected) => expect(parseXml(text)).toEqual(expected));

  it.each(['<a>', '<a></b>', 'plain', '<a/><b/>', '<a x="1" x="2"/>', '<a>x & y</a>', '<a>&nope;</a>', '<a>\u0001</a>'])(
    'refuses %j without quoting it',
    (text) => expect(() => parseXml(text)).toThrow(/^not XML at line 1$/),
  );

  it('refuses nesting without end', () => {
    expect(() => parseXml('<a>'.repeat(100_000))).toThrow('XML is nested too deeply');
  });
});
