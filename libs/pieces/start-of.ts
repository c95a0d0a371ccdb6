/** The first bytes of a body (`count` at least, where there are so many), and all its pieces, these included. */
export async function startOf(
  pieces: AsyncIterable<Buffer>,
  count: number,
): Promise<{ start: Buffer; all: AsyncGenerator<Buffer> }> {
  const iterator = pieces[Symbol.asyncIterator]();
  const taken: Buffer[] = [];
  for (let size = 0; size < count;) {
    const next = await iterator.next();
    if (next.done === true) break;
    taken.push(next.value);
    size += next.value.length;
  }
  return { start: Buffer.concat(taken), all: again(taken, iterator) };
}

async function* again(taken: readonly Buffer[], iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* taken;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}
