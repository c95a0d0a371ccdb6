const formats = new Map<string, Intl.DateTimeFormat | null>();
const MAX_CACHED = 500;

/** Minutes east of UTC in an IANA zone at a time (µs since the epoch); null for a zone that does not exist. */
export function offsetAt(zone: string, micros: number): number | null {
  const format = formatOf(zone);
  if (format === null) return null;
  const name = format.formatToParts(Math.floor(micros / 1_000)).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0'] = /^GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

function formatOf(zone: string): Intl.DateTimeFormat | null {
  const cached = formats.get(zone);
  if (cached !== undefined) return cached;
  const format = make(zone);
  if (formats.size < MAX_CACHED) formats.set(zone, format);
  return format;
}

function make(zone: string): Intl.DateTimeFormat | null {
  // "+02:00" is a zone to JavaScript, and none to IANA.
  if (!/^[A-Za-z]/.test(zone)) return null;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  } catch {
    return null;
  }
}
