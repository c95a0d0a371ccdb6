import { TemplateError } from './errors.js';

/** Work that one evaluation may do: a unit is an item looked at or a character built. */
export const MAX_WORK = 10_000_000;
/** A turn of a loop or a call of a macro costs as much as so many characters. */
export const TURN = 50;
/** Calls and values inside each other. */
export const MAX_DEPTH = 150;

/** A template that does more than MAX_WORK or nests deeper than MAX_DEPTH. */
export class TemplateLimit extends TemplateError {
  constructor(what: string) {
    super(what, 'value', 'TemplateLimit');
  }
}

// Evaluations never wait for anything, so that one counter serves them all: it is set back when one begins. Handing it through every
// operator and method was tried on paper and rejected: each helper would carry an argument that only the rim uses.
let spent = 0;
let depth = 0;

/** Counts work; throws TemplateLimit when an evaluation has done too much. Called before the work or its result is made. */
export function spend(units: number): void {
  spent += units;
  if (spent > MAX_WORK) throw new TemplateLimit(`the template does more work than allowed (${MAX_WORK} steps and characters)`);
}

/** Starts an evaluation with nothing spent. */
export function restart(): void {
  spent = 0;
  depth = 0;
}

/** One level deeper; throws TemplateLimit. */
export function nested<T>(run: () => T): T {
  if (++depth > MAX_DEPTH) throw new TemplateLimit(`the template nests deeper than ${MAX_DEPTH} levels`);
  try {
    return run();
  } finally {
    depth--;
  }
}
