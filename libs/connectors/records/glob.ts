/** Whether a path's step is matched by a pattern: Python's fnmatch (`*`, `?`, `[seq]`, `[!seq]`). Plain steps are compared as they are. */
export type StepTest = (step: string) => boolean;

const MAGIC = /[*?[]/;
export const isPattern = (step: string): boolean => MAGIC.test(step);

const compiled = new Map<string, StepTest>();
const REMEMBERED = 1_000;

/** Compiled once for each pattern: a record's path is asked for millions of times. */
export function stepTest(pattern: string): StepTest {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const test = compile(pattern);
  // Patterns come from manifests and configurations; a template could still make many.
  if (compiled.size >= REMEMBERED) compiled.clear();
  compiled.set(pattern, test);
  return test;
}

/** One letter's test, or any number of letters. */
type Part = ((letter: string) => boolean) | '*';

function compile(pattern: string): StepTest {
  if (!isPattern(pattern)) return (step) => step === pattern;
  const parts = partsOf(pattern);
  if (parts.every((part) => part === '*')) return () => true;
  return (step) => matchesParts(parts, step);
}

function partsOf(pattern: string): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < pattern.length; at++) {
    const letter = pattern[at] as string;
    const end = letter === '[' ? pattern.indexOf(']', at + (pattern[at + 1] === '!' ? 3 : 2)) : -1;
    if (letter === '*') parts.push('*');
    else if (letter === '?') parts.push(() => true);
    else if (end === -1) parts.push((found) => found === letter);
    else {
      parts.push(oneOf(pattern.slice(at + 1, end)));
      at = end;
    }
  }
  return parts;
}

/** What stands between brackets: letters and ranges of them, or all others. */
function oneOf(inside: string): (letter: string) => boolean {
  const others = inside.startsWith('!');
  const letters = others ? inside.slice(1) : inside;
  const ranges: [string, string][] = [];
  for (let at = 0; at < letters.length; at++) {
    const from = letters[at] as string;
    const to = letters[at + 1] === '-' ? letters[at + 2] : undefined;
    ranges.push([from, to ?? from]);
    if (to !== undefined) at += 2;
  }
  return (letter) => ranges.some(([from, to]) => from <= letter && letter <= to) !== others;
}

/** In time pattern × step: a mismatch goes back to the last star only. A regular expression would try every split between all stars. */
function matchesParts(parts: readonly Part[], step: string): boolean {
  let [part, letter] = [0, 0];
  let [star, resume] = [-1, 0];
  while (letter < step.length) {
    const current = parts[part];
    if (current === '*') [star, resume, part] = [part, letter, part + 1];
    else if (current?.(step[letter] as string) === true) [part, letter] = [part + 1, letter + 1];
    else if (star >= 0) [part, letter] = [star + 1, ++resume];
    else return false;
  }
  return parts.slice(part).every((rest) => rest === '*');
}
