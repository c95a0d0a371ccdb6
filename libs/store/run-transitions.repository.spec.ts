import { expect, test } from '@jest/globals';
import { isTerminal, RUN_STATES } from '../contracts/run-state.js';
import { statesBefore } from './run-transitions.repository.js';

test('nothing follows a terminal state, and every active state can be left', () => {
  for (const state of RUN_STATES) {
    expect(statesBefore(state).filter(isTerminal)).toEqual([]);
    const successors = RUN_STATES.filter((to) => statesBefore(to).includes(state));
    expect(successors.length > 0).toBe(!isTerminal(state));
  }
});
