import { expect, test } from '@jest/globals';
import { eventId } from './event-id.js';

test('an id is as RFC 9562 says, and sorts by its time', () => {
  // The example of its appendix A.6.
  expect(eventId(0x017f22e279b0, Buffer.from('0cc318c4dc0c0c07398f', 'hex'))).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  const ids = [1, 2, 0xffff, 0x10000, 0x017f22e279b0].map((ms) => eventId(ms));
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(Array.from({ length: 1_000 }, () => eventId(1))).size).toBe(1_000);
});
