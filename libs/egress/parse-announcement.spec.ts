import { describe, expect, it } from '@jest/globals';
import { parseAnnouncement } from './parse-announcement.js';

const nothing = { deprecated: false, deprecatedAt: null, sunsetAt: null, deprecationLink: null, sunsetLink: null };
const DATE = 'Sun, 11 Nov 2029 23:59:59 GMT';
const AT = new Date('2029-11-11T23:59:59Z');

describe('what headers say of a retirement', () => {
  it('is nothing without them, or where they are neither a date nor true', () => {
    expect(parseAnnouncement({ link: '<https://a.test/>; rel="deprecation"' })).toBeNull();
    for (const deprecation of ['false', '@soon', '', 'tomorrow', '?0']) expect(parseAnnouncement({ deprecation })).toBeNull();
    expect(parseAnnouncement({ sunset: '2029-11-11' })).toBeNull();
  });

  it.each([
    ['a date of RFC 9745', { deprecation: '@1688169599' }, { deprecated: true, deprecatedAt: new Date(1_688_169_599_000) }],
    ['true, as in drafts', { deprecation: 'true' }, { deprecated: true }],
    ['an HTTP date, as in drafts', { deprecation: DATE }, { deprecated: true, deprecatedAt: AT }],
    ['a sunset alone', { sunset: DATE }, { sunsetAt: AT }],
    ['a sunset that came twice', { sunset: `${DATE}, ${DATE}` }, { sunsetAt: AT }],
  ])('is read from %s', (_, headers, said) => {
    expect(parseAnnouncement(headers)).toEqual({ ...nothing, ...said });
  });

  it('has links by their relation, without query and credentials', () => {
    const link =
      '<https://api.test/x?cursor=2>; rel=next, <https://me:secret@docs.test/v1?key=secret#end>; type="text/html"; rel="other Deprecation", <javascript:alert(1)>; rel="sunset", <http://docs.test/off>; rel=sunset';
    expect(parseAnnouncement({ deprecation: 'true', link })).toMatchObject({
      ...{ deprecationLink: 'https://docs.test/v1#end', sunsetLink: 'http://docs.test/off' },
    });
  });
});
