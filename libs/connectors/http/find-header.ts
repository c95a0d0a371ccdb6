/** A header's value, whatever the case that its name is written in; undefined: it is not set. */
export function findHeader(headers: Readonly<Record<string, string>>, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (const [known, value] of Object.entries(headers)) if (known.toLowerCase() === wanted) return value;
  return undefined;
}
