import type { WriteMode } from '../../../libs/contracts/write-mode.js';
import type { Random } from '../random.js';

/** One table that is loaded, damaged and verified. */
export interface Round {
  round: number;
  mode: WriteMode;
  random: Random;
}
