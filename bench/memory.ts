import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Highest resident memory of a process and its children, in MB, since it started or since `resetPeak`; null outside Linux. */
export function peakMemoryMb(pid: number): number | null {
  const peaks = family(pid).flatMap((member) => {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${member}/status`) ?? '')?.[1];
    return kilobytes === undefined ? [] : [Number(kilobytes) / 1024];
  });
  return peaks.length === 0 ? null : peaks.reduce((sum, peak) => sum + peak, 0);
}

/** Forgets the peaks of what the process did before. Where that is not allowed, later peaks include them. */
export function resetPeak(pid: number): void {
  for (const member of family(pid)) {
    try {
      writeFileSync(`/proc/${member}/clear_refs`, '5');
    } catch {
      // another user's process, or no Linux
    }
  }
}

/** The process and its descendants now. */
function family(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of list('/proc')) {
    // the name of the command may hold blanks and brackets: the parent follows the last bracket
    const parent = /^.*\) \S (\d+) /s.exec((/^\d+$/.test(name) && read(`/proc/${name}/stat`)) || '')?.[1];
    if (parent !== undefined) children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(name)]);
  }
  const members = [pid];
  for (const member of members) members.push(...(children.get(member) ?? []));
  return members;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
