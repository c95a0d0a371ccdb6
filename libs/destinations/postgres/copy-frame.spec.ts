import { expect, it } from '@jest/globals';
import { frameEncoder } from './copy-frame.js';
import { compileEncoder, type Reject } from './encoder.js';

const columns = [{ name: 'v', path: ['v'], type: 'text' as const }];
const frame = (values: unknown[], rejects: Reject[] = []) =>
  frameEncoder(compileEncoder({ columns, numbered: true }))(
    values.map((v) => ({ v })),
    rejects,
    100,
  );

it('is one CopyData message with the lines of all batches, numbered through', () => {
  const values = Array.from({ length: 1_000 }, (_, index) => `${index}ü語🎉`.repeat(1 + (index % 90)));
  const bytes = frame(values);
  expect(bytes?.[0]).toBe(0x64);
  expect(bytes?.readUInt32BE(1)).toBe((bytes?.length ?? 0) - 1);
  expect(bytes?.subarray(5).toString()).toBe(values.map((value, index) => `${value}\t${100 + index}\n`).join(''));
});

it('is nothing where no record can be sent', () => {
  const rejects: Reject[] = [];
  expect(frame(['\0', '\ud800'], rejects)).toBeNull();
  expect(rejects.map(({ reason }) => reason)).toEqual(['nul_character', 'lone_surrogate']);
  expect(frame([])).toBeNull();
});

it('takes pages that grow and shrink', () => {
  const encode = frameEncoder(compileEncoder({ columns }));
  for (const rows of [1, 5_000, 0, 3, 700]) {
    const bytes = encode(
      Array.from({ length: rows }, (_, v) => ({ v: `${v}` })),
      [],
      0,
    );
    expect(bytes?.subarray(5).toString() ?? '').toBe(Array.from({ length: rows }, (_, v) => `${v}\n`).join(''));
  }
});
