/** Each bucket is wider than the one before by this factor, so that a percentile is at most 9 % beside the truth. */
const GROWTH = 2 ** 0.25;
const LOG_GROWTH = Math.log(GROWTH);
/** Five minutes and longer: 1 ms · GROWTH ** 73. */
const LAST = 73;

/** The bucket of a latency: 0 up to 1 ms, then (GROWTH ** (n - 1), GROWTH ** n] ms. The same in every process and version: they are stored. */
export function bucketOf(latencyMs: number): number {
  if (!(latencyMs > 1)) return 0;
  // The rounding keeps an exact bound in its own bucket, whatever the logarithm's last digit is.
  return Math.min(LAST, Math.ceil(Math.log(latencyMs) / LOG_GROWTH - 1e-9));
}

/** Counts by bucket. */
export type Histogram = Readonly<Record<string, number>>;

/** The latency in ms that a share `q` (0..1) of the calls stayed within: the geometric middle of the bucket that holds it; null: no call. */
export function percentile(histogram: Histogram, q: number): number | null {
  const counts = Object.entries(histogram)
    .map(([bucket, count]) => [Number(bucket), count] as const)
    .sort(([a], [b]) => a - b);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return null;
  const rank = Math.max(1, Math.ceil(q * total));
  let seen = 0;
  for (const [bucket, count] of counts) {
    seen += count;
    if (seen >= rank) return middleOf(bucket);
  }
  return null;
}

const middleOf = (bucket: number): number => (bucket === 0 ? 0.5 : round(GROWTH ** (bucket - 0.5)));

const round = (ms: number): number => Number(ms.toPrecision(3));
