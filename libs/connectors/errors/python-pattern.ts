/** A Python regular expression as ours: named groups, anchors and leading flags are written differently. Throws SyntaxError. */
export function pythonPattern(source: string): RegExp {
  const [, letters = '', rest = source] = /^\(\?([aiLmsux]+)\)([\s\S]*)$/.exec(source) ?? [];
  const flags = [...new Set(letters)].filter((letter) => 'ims'.includes(letter)).join('');
  const pattern = rest
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\(\?P=(\w+)\)/g, String.raw`\k<$1>`)
    .replaceAll(/\\A/g, '^')
    .replaceAll(/\\Z/g, '$');
  return new RegExp(pattern, flags);
}
