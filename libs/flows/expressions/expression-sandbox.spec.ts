import { afterAll, describe, expect, it } from '@jest/globals';
import { resolve } from 'node:path';
import { parseJson, stringifyJson } from '../../json/index.js';
import { ExpressionSandbox } from './expression-sandbox.js';

const script = resolve('dist/libs/flows/expressions/expression-process.js');
const sandbox = new ExpressionSandbox({ script, timeoutMs: 1_500, memoryMb: 48 });
afterAll(() => sandbox.close());

const NAMES = ['input', 'steps', 'item'];
const jsonata = async (text: string, context: object = {}) =>
  (await sandbox.evaluate(context, [{ language: 'jsonata', text }]))[0];
const cel = async (text: string, context: object = {}) => (await sandbox.evaluate(context, [{ language: 'cel', text }]))[0];
const check = async (language: 'cel' | 'jsonata', text: string, names = NAMES) =>
  (await sandbox.check([{ language, text, names }]))[0];

describe('expressions', () => {
  it('that do not compile are told with their position', async () => {
    expect(await check('jsonata', 'input.order.')).toMatchObject({ ok: false, position: 12 });
    expect(await check('jsonata', '$sum(input.a')).toMatchObject({ ok: false, message: expect.stringContaining('Expected') });
    expect(await check('cel', 'input.a >')).toMatchObject({ ok: false, position: 10 });
    expect(await check('cel', 'inptu.a > 1')).toMatchObject({ ok: false, message: 'Unknown variable: inptu', position: 1 });
    expect(await check('cel', '"a text"')).toMatchObject({ ok: false, message: expect.stringContaining('not bool') });
    expect(await check('jsonata', '('.repeat(9_000))).toMatchObject({ ok: false });
    expect(await check('cel', '('.repeat(9_000))).toMatchObject({ ok: false });
  });

  it('say which steps they name, and what is nothing at their root', async () => {
    expect(await check('jsonata', '{"a": steps.pay.result.id, "b": $sum($$.steps.sum.result)}')).toEqual({
      ok: true,
      steps: ['pay', 'sum'],
    });
    expect(await check('jsonata', 'input.items[steps.x = 1].(order.steps.y)')).toEqual({ ok: true, steps: [] });
    expect(await check('jsonata', '$map(input.items, function($i) { steps.pay.result })')).toEqual({ ok: true, steps: ['pay'] });
    expect(await check('jsonata', 'steps.*.result')).toEqual({ ok: true, steps: null });
    expect(await check('jsonata', '$')).toEqual({ ok: true, steps: null });
    expect(await check('jsonata', 'inptu.order')).toMatchObject({
      ok: false,
      message: '"inptu" is nothing here; there is input, steps, item',
    });
    expect(await check('cel', 'steps.pay.result.ok && steps["b"].result == 1')).toEqual({ ok: true, steps: ['pay', 'b'] });
    expect(await check('cel', 'size(steps) > 1')).toEqual({ ok: true, steps: null });
  });

  it('keep every digit of what they pass on, and compute with none that they would change', async () => {
    const context = parseJson('{"input":{"id":9007199254740993,"amount":12345678901234567.25}}') as object;
    const whole = await jsonata('{"id": input.id, "text": "no " & input.id, "list": [input.amount]}', context);
    expect(stringifyJson(whole)).toContain('{"id":9007199254740993,"text":"no 9007199254740993","list":[12345678901234567.25]}');
    expect(await jsonata('input.id + 1', context)).toMatchObject({ ok: false, message: expect.stringContaining('number') });
    expect(await cel('input.id == 9007199254740993 && input.id != 9007199254740992', context)).toEqual({ ok: true, value: true });
    expect(await jsonata('input.x', { input: { x: '\uE000#5' } })).toEqual({ ok: true, value: '\uE000#5' });
  });

  it('that fail say so without the values that they saw', async () => {
    const context = { input: { a: 'SECRET', b: [1, { c: 'SECRET' }] } };
    for (const text of [
      '$number(input.a)',
      'input.a + 1',
      '$error(input.a)',
      '$join(input.b)',
      '$toMillis(input.a)',
      '$eval(input.a & "(")',
    ]) {
      const result = await jsonata(text, context);
      expect(result).toMatchObject({ ok: false });
      expect(JSON.stringify(result)).not.toContain('SECRET');
    }
    for (const text of ['input.a + 1 == 2', 'input.b > 3', 'input.missing == 1', 'int(input.a) == 1']) {
      const result = await cel(text, context);
      expect(result).toMatchObject({ ok: false });
      expect(JSON.stringify(result)).not.toContain('SECRET');
    }
    expect(await jsonata('input.nothing', context)).toEqual({ ok: true, value: undefined });
  });

  it.each([
    ['without end', '($f := function($n) { $f($n + 1) }; $f(0))', /longer|too deep/],
    ['too deep', '($f := function($n) { 1 + $f($n) }; $f(0))', /too deep/],
    ['a list too long', '[1..200000]', /more than/],
    ['a text too long', '$pad("", 2000000)', /more than 1048576|memory/],
    ['a text larger than memory', '$pad("", 300000000)', /memory/],
    [
      'more than memory',
      '($f := function($s, $n) { $n = 0 ? $s : $f($append($s, $s), $n - 1) }; $f([1..90000], 16))',
      /more than|memory|longer/,
    ],
    ['a regular expression that backtracks', '$match("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", /(a+)+$/)', /longer/],
  ])('that goes %s ends, and the next is evaluated', async (_name, text, says) => {
    expect(await jsonata(text)).toMatchObject({ ok: false, message: expect.stringMatching(says) });
    expect(await jsonata('1 + 1')).toEqual({ ok: true, value: 2 });
  });

  it('in CEL end too, and those before and after are answered', async () => {
    const context = { input: { s: `${'a'.repeat(40)}!` } };
    const results = await sandbox.evaluate(context, [
      { language: 'cel', text: 'size(input.s) == 41' },
      { language: 'cel', text: 'input.s.matches("(a+)+$")' },
      { language: 'jsonata', text: '$length(input.s)' },
    ]);
    expect(results).toEqual([
      { ok: true, value: true },
      { ok: false, message: 'takes longer than 1500 ms', position: null },
      { ok: true, value: 41 },
    ]);
  });

  it('reach nothing of the process', async () => {
    for (const text of [
      '$constructor',
      '$.constructor',
      '"".constructor',
      '$string.constructor("return process")()',
      '$__proto__',
      'input.__proto__.constructor',
    ])
      expect(await jsonata(text, { input: {} })).not.toMatchObject({ ok: true, value: expect.anything() });
  });
});
