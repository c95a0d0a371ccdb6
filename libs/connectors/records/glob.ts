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

function compile(pattern: string): StepTest {
  if (!isPattern(pattern)) return (step) => step === pattern;
  if (/^\*+$/.test(pattern)) return () => true;
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const letter = pattern[at] as string;
    if (letter === '*') {
      // Neighbouring stars mean one: without this they would backtrack against each other.
      while (pattern[at + 1] === '*') at++;
      source += '.*';
    } else if (letter === '?') source += '.';
    else if (letter === '[') {
      const end = pattern.indexOf(']', pattern[at + 1] === '!' || pattern[at + 1] === ']' ? at + 3 : at + 2);
      if (end === -1) source += '\\[';
      else {
        const inside = pattern.slice(at + 1, end).replace(/[\\\]^[]/g, '\\$&');
        source += `[${inside.startsWith('!') ? `^${inside.slice(1)}` : inside}]`;
        at = end;
      }
    } else source += letter.replace(/[.+^${}()|\\\]/]/, '\\$&');
  }
  try {
    const expression = new RegExp(`^${source}$`, 'su');
    return (step) => expression.test(step);
  } catch {
    return () => false;
  }
}
