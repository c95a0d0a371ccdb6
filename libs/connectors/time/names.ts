/** Month and day names of the C locale, as Python's strftime and strptime have them. */
export const MONTHS = 'January February March April May June July August September October November December'.split(' ');
export const DAYS = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ');
export const short = (names: readonly string[]): string[] => names.map((name) => name.slice(0, 3));
