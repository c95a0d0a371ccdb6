const LONGEST = 60;

/** The name that a misspelt one probably stands for: other case or separators, a letter or two off, or shortened. undefined: none is near. */
export function didYouMean(name: string, known: readonly string[]): string | undefined {
  if (name.length > LONGEST) return undefined;
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const same = known.find((candidate) => plain(candidate) === plain(name));
  if (same !== undefined) return same;
  const allowed = name.length < 5 ? 1 : 2;
  const near = known
    .map((candidate) => ({ candidate, distance: distance(plain(name), plain(candidate)) }))
    .filter((one) => one.distance <= allowed)
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.candidate ?? known.find((candidate) => isShortened(plain(name), plain(candidate)));
}

/** `request_params` for `request_parameters`: a long beginning in common, and little else. */
function isShortened(a: string, b: string): boolean {
  let common = 0;
  while (common < a.length && a[common] === b[common]) common += 1;
  return common >= 8 && Math.max(a.length, b.length) - common <= 6;
}

/** How many letters have to be added, removed, replaced or swapped with their neighbour. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(
        Math.min(
          (row[j] ?? 0) + 1,
          (next[j - 1] ?? 0) + 1,
          (row[j - 1] ?? 0) + cost,
          swapped ? (before[j - 2] ?? 0) + 1 : Number.MAX_SAFE_INTEGER,
        ),
      );
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
