import fc from 'fast-check';

/** JSON with characters beyond ASCII written as such or as escapes. */
export const jsonText = (value: unknown, escaped = false): string => {
  const text = JSON.stringify(value);
  return escaped ? text.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`) : text;
};

const NAMES = ['id', 'name', 'at', 'amount', 'ok', 'data', 'more', 'é', 'toString', 'x y', '0'];

export const numberText = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom(
    '0',
    '-0',
    '1.0',
    '1.50',
    '-7.00',
    '1e3',
    '1E-7',
    '9007199254740993',
    '9223372036854775807',
    '9223372036854775808',
  ),
  fc.constantFrom('123456789012345678', '0.12345678901234567890123', '1e400', '12345678901234567890123.5'),
);

const special = fc.constantFrom(
  ...['"a\\tb\\nc\\rd\\\\e"', '"\\u0000"', '"x\\u0000y"', '"\\ud83d\\ude00"', '"\\ud83d"', '"\\ude00\\ud83d"', '"\\/\\b\\f"'],
  ...['"\\\\u0000"', '"\\u005c"', '"\\u0009\\u000a"', '"2026-01-31T23:59:59Z"', '"2026-02-30T00:00:00Z"', '"2026-01-31"'],
  ...['"2026-01-01T12:00:00.123456Z"', '"2026-01-01 12:00:00+02:00"', '"12:30:00"', '"true"', '"\\\\N"', '""', '"1.5"'],
  '"3f2504e0-4f89-11d3-9a0c-0305e82c3301"',
);

const text = fc.oneof(
  fc.tuple(fc.string({ unit: 'binary' }), fc.boolean()).map(([value, escaped]) => jsonText(value, escaped)),
  fc.string({ unit: 'grapheme' }).map((value) => jsonText(value)),
  special,
);

const spaces = fc.constantFrom('', '', '', ' ', '\n', '\t ');

const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('null', 'true', 'false'),
    numberText,
    text,
    fc.tuple(fc.array(tie('value')), spaces).map(([items, space]) => `[${space}${items.join(`,${space}`)}${space}]`),
    fc
      .tuple(fc.array(fc.tuple(text, tie('value'))), spaces)
      .map(([fields, space]) => `{${fields.map(([name, item]) => `${name}${space}:${space}${String(item)}`).join(`${space},`)}}`),
  ),
}));

/** Any JSON value, as text. */
export const jsonValue = value;

const record = fc
  .tuple(
    fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), jsonValue), { selector: ([name]) => name, maxLength: 8 }),
    fc.oneof({ arbitrary: fc.constant(''), weight: 20 }, { arbitrary: fc.constant('"id":1,"id":2'), weight: 1 }),
    spaces,
  )
  .map(([fields, twice, space]) => {
    const all = [
      ...fields.map(([name, item]) => `${JSON.stringify(name)}${space}:${space}${item}`),
      ...(twice === '' ? [] : [twice]),
    ];
    return `{${space}${all.join(`${space},${space}`)}${space}}`;
  });

/** Records as JSON texts: fields that come and go, names that come twice, escapes, numbers of all sizes, spaces. */
export const jsonRecords = fc.array(record, { maxLength: 6 });
