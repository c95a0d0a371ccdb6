import { describe, expect, it } from '@jest/globals';
import { TemplateError, TemplateSyntaxError, TemplateUnsupported } from './errors.js';
import { compileTemplate } from './template.js';

const scope = (names: Record<string, unknown> = {}) => ({ names, nowMs: Date.UTC(2024, 5, 1, 0, 0, 0, 123) });
const evaluate = (source: string, names: Record<string, unknown> = {}, ...otherwise: unknown[]): unknown =>
  compileTemplate(source).evaluate(scope(names), ...otherwise);

describe('templates', () => {
  it.each([
    ["{{ '5' }}", 5],
    ["{{ '00123' }}", '00123'],
    ["{{ '0x10' }}", 16],
    ["{{ '1_000' }}", 1000],
    ["{{ 'True' }}", true],
    ["{{ 'true' }}", 'true'],
    ["{{ 'None' }}", null],
    ["{{ '123456789012345678901234567890' }}", 123456789012345678901234567890n],
    ['{{ 7 // 2 }}-{{ -7 % 3 }}', '3-2'],
    ["{{ (1 + 2 * 3 ** 2) ~ 'x' }}", '19x'],
    ["{{ config['a'] if config.b else 'none' }}", 'none'],
    ["{{ not config.missing and config.a == 'A' }}", true],
    ["{{ 'x' in ['x', 'y'] and 'z' not in 'xyz'[:2] }}", true],
    ['{{ config.missing is none }}/{{ config.missing is not defined }}', 'False/True'],
    ["{{ config.get('missing', {}).get('deeper') }}", null],
    ['{{ now_utc() }}', '2024-06-01 00:00:00.123000+00:00'],
    ["{{ format_datetime('2024-02-03T04:05:06Z', '%d.%m.%Y') }}", '03.02.2024'],
    ["{{ (now_utc() - duration('P1M')).strftime('%Y-%m-%d') }}", '2024-05-01'],
    ["{{ day_delta(-1, format='%Y-%m-%d') }}", '2024-05-31'],
    ["{% if config.a == 'A' %}yes{% else %}no{% endif %}", 'yes'],
    ['{%- set x = config.a -%} {{ x | lower }}', 'a'],
    ["{{ '1' + 1 }}", "{{ '1' + 1 }}"],
    [
      '{% for x in [1,2] %}{{ loop.index }}{{ loop.last }}{{ loop.revindex }}{{ loop.nextitem }},{% endfor %}',
      '1False22,2True1,',
    ],
    ['{% set ns = namespace(x=0) %}{% for i in [1,2,3] %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}', 6],
    ['{% set x = 0 %}{% for i in [1,2,3] %}{% set x = x + i %}{% endfor %}{{ x }}', 0],
    ['{% macro f(a, b=2) %}{{ a }}-{{ b }}{% endmacro %}{{ f(1) }}{{ f(1, b=3) }}{{ f() }}', '1-21-3-2'],
    ['{% macro f() %}{{ caller() }}{% endmacro %}{% call f() %}hi{% endcall %}', 'hi'],
    [
      '{% for x in [[1,[2]],3] recursive %}{% if x is iterable %}[{{ loop(x) }}]{% else %}{{ x }}{{ loop.depth }}{% endif %}{% endfor %}',
      '[12[23]]31',
    ],
    ['{% raw %}{{ x }}{% endraw %}', '{{ x }}'],
    ["{% filter upper | replace('A','x') %}abc{% endfilter %}", 'xBC'],
    ['{{ 2 ** 3 ** 2 }}', 64],
    ['{{ 2.675 | round(2) }}', 2.67],
    ['{{ 1 < 3 < 2 }}', false],
    ["{{ 'abc' | regex_replace('b*', '-') }}", '-a--c-'],
    ["{{ '%05d' % -42 }}", '-0042'],
    ["{{ [1, 1.0, true, '1'] | unique | list }}", [1, '1']],
    ["{{ 'YW Jj' | base64decode }}", 'abc'],
    ["{{ str_to_datetime('2024-W05-3') }}", '2024-01-31 00:00:00+00:00'],
    ['{{ "abc" | hash("md5") }}', '900150983cd24fb0d6963f7d28e17f72'],
  ])('evaluates %s as Python does', (source, expected) => {
    expect(evaluate(source, { config: { a: 'A' } })).toEqual(expected);
  });

  it('uses the default for what is missing, and raises without one', () => {
    expect(evaluate('{{ config.a.b }}', { config: {} }, 'otherwise')).toBe('otherwise');
    expect(evaluate('{{ config.a }}', { config: {} }, 'otherwise')).toBe('otherwise');
    expect(() => evaluate('{{ config.a.b }}', { config: {} })).toThrow(TemplateError);
  });

  it('names the place of what cannot be read', () => {
    const offsetOf = (source: string): number | undefined => {
      try {
        compileTemplate(source);
      } catch (error) {
        return error instanceof TemplateSyntaxError ? error.offset : undefined;
      }
      return undefined;
    };
    expect(offsetOf('{{ config.a')).toBe(0);
    expect(offsetOf('{{ config[1 }}')).toBe(12);
    expect(offsetOf('{{ nobody.knows }}')).toBe(3);
    expect(offsetOf('{{ 1 | nosuch }}')).toBe(7);
    expect(offsetOf('{{ 1 }}{% for x in config %}')).toBe(7);
    expect(offsetOf('{% if config %}{% endfor %}')).toBe(15);
    expect(offsetOf('{% iff config %}')).toBe(0);
    expect(() => compileTemplate('{{ 1 | urlize }}')).toThrow(TemplateUnsupported);
    expect(() => compileTemplate(`{{ ${'('.repeat(5_000)}`)).toThrow(TemplateSyntaxError);
  });

  it('reaches nothing but own values', () => {
    for (const path of [
      'constructor',
      '__proto__',
      'toString',
      "get.constructor('return process')()",
      "a.constructor.constructor('return 1')()",
    ])
      expect(() => compileTemplate(`{{ config.${path}.x }}`).evaluate(scope({ config: { a: 'A' } }))).toThrow(TemplateError);
    expect(evaluate("{{ config['__proto__'] is defined }}", { config: {} })).toBe(false);
  });

  it('does not grow without bounds', () => {
    for (const source of ["{{ 'x' * 100000000 }}", '{{ 9 ** 99999999 }}', '{{ [1] * 100000000 }}'])
      expect(() => evaluate(source)).toThrow(TemplateError);
  });
});
