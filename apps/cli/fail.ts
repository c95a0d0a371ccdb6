/** Says what went wrong in words; a defect of ours keeps its stack. */
export function failWith(error: unknown): void {
  const expected = error instanceof Error && error.name === 'StackError';
  console.error(expected ? error.message : error);
  process.exitCode = 1;
}
