/** What the caller of a command got wrong: a file, an option. Shown as it is, without a stack; exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
}
