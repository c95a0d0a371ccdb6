import { expect, it } from '@jest/globals';
import { SluiceError } from '../errors/index.js';
import { RelayLoop } from './relay-loop.js';

const NEVER_MS = 3_600_000;
const words = { trouble: 'it stands', over: 'it goes' };

/** A loop whose looks are answered one by one. */
function played(answers: (boolean | Error | 'over')[], troubleEveryMs = 1) {
  const said: string[] = [];
  let looks = 0;
  let idle!: () => void;
  const rests = new Promise<void>((resolve) => (idle = resolve));
  const loop = new RelayLoop({
    everyMs: NEVER_MS,
    troubleEveryMs,
    words,
    log: (level, message, { code }) => said.push([level, message, code].filter((word) => word !== undefined).join(' ')),
    pass: async () => {
      looks += 1;
      const answer = answers.shift();
      if (answer === undefined) setImmediate(idle);
      if (answer instanceof Error) throw answer;
      if (answer === 'over') loop.settle(undefined);
      return answer === true || answer === 'over';
    },
  });
  return { loop, said, rests, looks: () => looks };
}

it('looks again at once while there is more, rests when there is not, and a ring wakes it', async () => {
  const { loop, rests, looks } = played([true, true]);
  loop.start();
  loop.start();
  await rests;
  expect(looks()).toBe(3);
  loop.ring();
  await new Promise((resolve) => setImmediate(resolve));
  expect(looks()).toBe(4);
  await loop.stop();
});

it('says once that there is trouble, with its code, and once that it is over', async () => {
  const away = new SluiceError('STORE_UNAVAILABLE');
  const { loop, said, rests } = played([away, away, new TypeError('x'), 'over']);
  loop.start();
  await rests;
  expect(said).toEqual(['warn it stands STORE_UNAVAILABLE', 'info it goes']);
  await loop.stop();
});

it('in trouble a ring does not make it look sooner, and stopping ends the rest', async () => {
  const { loop, looks } = played([new Error('away')], NEVER_MS);
  loop.start();
  await new Promise((resolve) => setImmediate(resolve));
  expect(loop.inTrouble).toBe(true);
  loop.ring();
  await new Promise((resolve) => setImmediate(resolve));
  expect(looks()).toBe(1);
  await loop.stop();
  expect(loop.signal.aborted).toBe(true);
});
