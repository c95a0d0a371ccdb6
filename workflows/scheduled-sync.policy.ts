/** When to look again whether the active run has ended: soon at first, then once a minute, so that waiting for days stays cheap. */
export function nextLookMs(looks: number): number {
  return Math.min(2_000 * 2 ** Math.min(looks, 10), 60_000);
}
