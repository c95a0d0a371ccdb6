/** Says what went wrong in words; a defect of ours keeps its stack. */
export function failWith(error: unknown): void {
  const name = error instanceof Error ? error.name : '';
  const expected = name === 'StackError' || name === 'InputError';
  console.error(expected ? (error as Error).message : error);
  process.exitCode = name === 'InputError' ? 2 : 1;
}
