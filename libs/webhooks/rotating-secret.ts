/** A secret that may be changed while what was made with the one before is on its way. */
export interface RotatingSecret<Secret extends string | null = string> {
  current: Secret;
  /** The one before, and until when (ms since the epoch) it holds too. */
  old: { secret: string; until: number } | null;
}

/** Those that hold at `now`, the newest first. Pure. */
export const secretsThatHold = ({ current, old }: RotatingSecret<string | null>, now: number): string[] => [
  ...(current === null ? [] : [current]),
  ...(old === null || old.until <= now ? [] : [old.secret]),
];

/** With `secret` as the current one; that before holds for `overlapSeconds` more, 0: it holds no longer. Pure. */
export const rotated = <Secret extends string | null>(
  { current }: RotatingSecret<string | null>,
  { secret, overlapSeconds, now }: { secret: Secret; overlapSeconds: number; now: number },
): RotatingSecret<Secret> => ({
  current: secret,
  old: current === null || overlapSeconds === 0 ? null : { secret: current, until: now + overlapSeconds * 1_000 },
});
