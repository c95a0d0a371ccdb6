import type { ScalarTag } from 'yaml';

/**
 * Plain scalars as Airbyte's reader (PyYAML, YAML 1.1) takes them: `yes` and `off` are booleans, `0777` is octal, `1:30` is 90, and `1e5` is a
 * text. Dates stay texts, as every field wants them.
 */
const plain = (name: string, test: RegExp, resolve: (text: string) => unknown): ScalarTag => ({
  tag: `tag:yaml.org,2002:${name}`,
  default: true,
  test,
  resolve,
});

const digits = (text: string): string => text.replaceAll('_', '');

/** An integer beyond what a number holds exactly stays the text that it is. */
function exact(text: string, value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : text;
}

function integer(text: string): number | string {
  const sign = text.startsWith('-') ? -1n : 1n;
  const bare = digits(text).replace(/^[-+]/, '');
  if (bare.includes(':')) return exact(text, sign * bare.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n));
  if (/^0[0-7]+$/.test(bare)) return exact(text, sign * BigInt(`0o${bare}`));
  return exact(text, sign * BigInt(bare));
}

function float(text: string): number {
  const bare = digits(text).toLowerCase();
  if (bare.endsWith('.nan')) return Number.NaN;
  const sign = bare.startsWith('-') ? -1 : 1;
  const size = bare.replace(/^[-+]/, '');
  if (size === '.inf') return sign * Number.POSITIVE_INFINITY;
  return sign * size.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

export const YAML_SCALARS: readonly ScalarTag[] = [
  plain('null', /^(?:~|null|Null|NULL|)$/, () => null),
  plain('bool', /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/, (text) =>
    /^(?:yes|true|on)$/i.test(text),
  ),
  plain(
    'int',
    /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
    integer,
  ),
  plain(
    'float',
    /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
    float,
  ),
];
