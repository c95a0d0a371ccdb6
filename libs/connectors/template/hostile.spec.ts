import { describe, expect, it } from '@jest/globals';
import { TemplateError, TemplateSyntaxError } from './errors.js';
import { MAX_WORK } from './meter.js';
import { compileTemplate } from './template.js';

const evaluate = (source: string, names: Record<string, unknown> = {}): unknown =>
  compileTemplate(source).evaluate({ names: { config: {}, record: {}, ...names }, nowMs: 0 });

const failure = (source: string, names: Record<string, unknown> = {}): { exception: string; message: string } => {
  try {
    evaluate(source, names);
  } catch (error) {
    if (error instanceof TemplateError || error instanceof TemplateSyntaxError)
      return { exception: error.exception, message: error.message };
    throw error;
  }
  throw new Error('the template came to an end');
};

const items = Array.from({ length: 1_000 }, (_item, i) => i);
const letters = 'a'.repeat(100);

describe('a hostile template', () => {
  // Every bound counts steps, characters or levels: none of these depends on how fast the machine is.
  it.each([
    ['repeats a text', "{{ 'a' * 10 ** 9 }}"],
    ['repeats a list', '{{ [1] * 10 ** 9 }}'],
    ['repeats a tuple by a huge number', '{{ (1,) * 10 ** 30 }}'],
    ['raises to a power', '{{ 10 ** (10 ** 10) }}'],
    [
      'squares a number again and again',
      '{% set ns = namespace(x=10) %}{% for i in config.l %}{% set ns.x = ns.x * ns.x %}{% endfor %}',
    ],
    ['formats with a huge width', "{{ '%1000000000d' % 1 }}"],
    ['formats with a width from outside', "{{ '%*d' % (10 ** 9, 1) }}"],
    ['formats with a huge precision', "{{ '{:.999999999f}'.format(1.5) }}"],
    ['fills with format()', "{{ '{:>1000000000}'.format('a') }}"],
    ['pads', "{{ 'a'.ljust(10 ** 9) }}"],
    ['fills with zeros', "{{ 'a'.zfill(10 ** 9) }}"],
    ['centres', "{{ 'a' | center(10 ** 9) }}"],
    ['indents', "{{ 'a\\nb' | indent(10 ** 9) }}"],
    ['expands tabs', "{{ '\\t'.expandtabs(10 ** 9) }}"],
    ['fills a batch', '{{ [1] | batch(10 ** 9, 0) | list }}'],
    ['asks for slices without end', '{{ [1] | slice(10 ** 9) | list }}'],
    [
      'doubles a text in a loop',
      "{% set ns = namespace(x='aa') %}{% for i in config.l %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    ],
    ['doubles a list in a loop', '{% set a = [1] %}{% for i in config.l %}{% set _ = a.extend(a) %}{% endfor %}'],
    [
      'doubles a text by replacing',
      "{% set ns = namespace(x='aa') %}{% for i in config.l %}{% set ns.x = ns.x.replace('a', 'aa') %}{% endfor %}",
    ],
    ['nests loops', '{% for a in config.l %}{% for b in config.l %}{% for c in config.l %}{% endfor %}{% endfor %}{% endfor %}'],
    [
      'nests loops that write nothing but filter',
      '{% for a in config.l %}{% for b in config.l if config.l | sum < 0 %}{% endfor %}{% endfor %}',
    ],
    ['loops over what it grows', '{% set a = [1] %}{% for i in a %}{% set _ = a.append(i) %}{% endfor %}'],
    ['calls itself', '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}'],
    [
      'calls itself twice at each level',
      '{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(100) }}',
    ],
    ['goes down a loop without end', '{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}'],
    ['writes a list that holds itself', '{% set a = [1] %}{% set _ = a.append(a) %}{{ a }}'],
    [
      'compares lists that hold themselves',
      '{% set a = [1] %}{% set _ = a.append(a) %}{% set b = [1] %}{% set _ = b.append(b) %}{{ a == b }}',
    ],
    ['searches with nested repetitions', `{{ '${letters}b' | regex_search('(a+)+$') }}`],
    ['searches with overlapping ways', `{{ '${letters}b' | regex_search('(a|a)*$') }}`],
    ['searches with repetitions in a row', `{{ '${letters.repeat(20)}' | regex_search('a*a*a*a*a*a*b') }}`],
    ['replaces with nested repetitions', `{{ '${letters}b' | regex_replace('(a*)*c', '') }}`],
    [
      'makes a text grow by replacing',
      `{% set ns = namespace(x='aa') %}{% for i in config.l %}{% set ns.x = ns.x | regex_replace('a', 'aa') %}{% endfor %}`,
    ],
  ])('%s and ends at a bound', (_what, source) => {
    expect(failure(source, { config: { l: items } }).exception).toBe('TemplateLimit');
  });

  it('is told which bound it hit', () => {
    expect(failure("{{ 'a' * 10 ** 9 }}").message).toContain(String(MAX_WORK));
    expect(failure('{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}').message).toContain('levels');
  });

  it('has used up nothing for the next one', () => {
    for (let i = 0; i < 3; i++) failure("{{ 'a' * 10 ** 9 }}");
    expect(evaluate("{{ 'a' * 3 }}")).toBe('aaa');
  });

  it('does not write integers that take quadratic time', () => {
    expect(failure('{{ 10 ** 5000 }}').exception).toBe('ValueError');
  });

  it.each([
    'config.constructor',
    "config['constructor']",
    'config.__proto__',
    "config['__proto__']",
    'config.toString',
    'config.hasOwnProperty',
    "''.constructor",
    "''.length",
    "''['length']",
    '[].constructor',
    '[].length',
    "[]['push']",
    '(1).constructor',
    'config.get.constructor',
    'config.get.call',
    "config.get['apply']",
    'now_utc.constructor',
    'now_utc().moment',
    'now_utc().constructor',
    "duration('P1D').duration",
    'namespace(a=1).constructor',
    "namespace(a=1)['__proto__']",
    'cycler(1).constructor',
    '(config.items() | list).constructor',
    "config | attr('constructor')",
    "config | attr('__proto__')",
    "[config] | map(attribute='constructor') | first",
    "[config] | map(attribute='__proto__') | first",
    "'{0.constructor}'.format(config)",
    "'{0[__proto__]}'.format(config)",
    "''.__class__",
    'self.constructor',
  ])('reaches nothing through %s', (path) => {
    expect(['', 'Undefined']).toContain(evaluate(`{{ ${path} }}`));
  });

  it.each(['globalThis', 'process', 'require', 'Function', 'eval', 'constructor', '__proto__', 'range', 'toString'])(
    'knows no global %s',
    (name) => {
      expect(() => compileTemplate(`{{ ${name} }}`)).toThrow(TemplateSyntaxError);
    },
  );

  it('names no filter, test, function or method of JavaScript', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'valueOf']) {
      expect(() => compileTemplate(`{{ 1 | ${name} }}`)).toThrow(TemplateSyntaxError);
      expect(() => compileTemplate(`{{ 1 is ${name} }}`)).toThrow(TemplateSyntaxError);
      expect(failure(`{{ [1] | map('${name}') | list }}`).exception).toBe('TemplateRuntimeError');
      expect(failure(`{{ config.${name}() }}`).exception).toMatch(/UndefinedError|SecurityError/);
    }
  });

  it('writes keys like __proto__ as keys', () => {
    const value = evaluate("{{ {'__proto__': {'polluted': 1}, 'a': dict([['__proto__', 2]])} }}") as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['__proto__', 'a']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('changes only what it made itself', () => {
    const config = { l: [1], d: { a: 1 } };
    for (const change of [
      'config.l.append(2)',
      'config.l.clear()',
      'config.d.pop("a")',
      'config.d.update(b=1)',
      'config.clear()',
    ])
      expect(failure(`{{ ${change} }}`, { config }).exception).toBe('SecurityError');
    expect(config).toEqual({ l: [1], d: { a: 1 } });
  });

  it('cannot be read when it nests too deeply', () => {
    for (const source of [
      `{{ ${'('.repeat(5_000)}1${')'.repeat(5_000)} }}`,
      `{{ ${'['.repeat(5_000)} }}`,
      `{{ ${'not '.repeat(5_000)}1 }}`,
      `{{ ${'-'.repeat(5_000)}1 }}`,
      '{% if 1 %}'.repeat(5_000),
      `{{ '${'x'.repeat(200_000)}' }}`,
    ])
      expect(() => compileTemplate(source)).toThrow(TemplateSyntaxError);
    expect(failure(`{{ 'a' | regex_search('${'('.repeat(500)}') }}`).exception).toBe('error');
  });

  it('may chain as much as its length allows', () => {
    expect(evaluate(`{{ 1${' + 1'.repeat(2_000)} }}`)).toBe(2_001);
    expect(evaluate(`{{ 'a'${' | upper'.repeat(2_000)} }}`)).toBe('A');
  });
});
