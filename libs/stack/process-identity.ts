import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that cannot be mistaken for a later one with the same pid. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, as the system tells it (Linux: clock ticks since boot; elsewhere `ps -o lstart`). Opaque: compare only. */
  startTime: string;
}

export type ProcessState = 'running' | 'stopped' | 'gone';

/** How often a process that is to end is looked at. */
const POLL_MS = 50;

interface Seen {
  state: ProcessState;
  startTime: string;
}

const GONE: Seen = { state: 'gone', startTime: '' };

function lookLinux(pid: number): Seen {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return GONE;
  }
  // The command name in parentheses may hold spaces and parentheses: fields are counted from the last one. [0] is field 3, the state.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, threads, startTime] = [fields[0] ?? 'X', Number(fields[17] ?? 0), fields[19] ?? ''];
  // Killed, the first thread can be a zombie while others still hold the sockets: only when they are gone is the port free.
  if ((state === 'Z' || state === 'X') && threads <= 1) return GONE;
  return { state: state === 'T' ? 'stopped' : 'running', startTime };
}

function lookElsewhere(pid: number): Seen {
  try {
    const line = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { LC_ALL: 'C' },
    }).trim();
    const [, state = 'Z', startTime = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
    if (state.startsWith('Z')) return GONE;
    return { state: state.startsWith('T') ? 'stopped' : 'running', startTime };
  } catch {
    return GONE;
  }
}

const look = (pid: number): Seen => (process.platform === 'linux' ? lookLinux(pid) : lookElsewhere(pid));

/** @returns undefined when no such process lives (a zombie does not). */
export function identify(pid: number): ProcessIdentity | undefined {
  const { state, startTime } = look(pid);
  return state === 'gone' ? undefined : { pid, startTime };
}

/** The command with its arguments, empty when no such process lives. */
export function commandLine(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

/** What became of exactly this process. */
export function stateOf({ pid, startTime }: ProcessIdentity): ProcessState {
  const seen = look(pid);
  return seen.startTime === startTime ? seen.state : 'gone';
}

/** Sends the signal to exactly this process; a process that is gone is success. @returns whether it was there. */
export function signal(target: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (stateOf(target) === 'gone') return false;
  try {
    return process.kill(target.pid, name);
  } catch {
    return false;
  }
}

/** @returns whether the process is gone within the time. */
export async function waitGone(target: ProcessIdentity, withinMs: number): Promise<boolean> {
  for (const until = Date.now() + withinMs; stateOf(target) !== 'gone'; await sleep(POLL_MS)) {
    if (Date.now() >= until) return false;
  }
  return true;
}

/**
 * Asks with `gently`, and kills what is still there after `graceMs`. A stopped process hears nothing: it is killed at once, so that it
 * does not wake up and write.
 */
export async function end(target: ProcessIdentity, gently: NodeJS.Signals, graceMs: number): Promise<void> {
  if (stateOf(target) === 'running') {
    signal(target, gently);
    if (await waitGone(target, graceMs)) return;
  }
  signal(target, 'SIGKILL');
  await waitGone(target, 2_000);
}
