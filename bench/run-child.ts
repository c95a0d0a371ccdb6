import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { peakMemoryMb } from './memory.js';

const SAMPLE_MS = 200;

/** Runs a program to its end and hands back what it wrote (unless `stdoutFile` takes it), and the highest memory of it and its children (sampled). Throws with the end of its errors. */
export async function runChild(
  command: string,
  args: readonly string[],
  options: { env?: Readonly<Record<string, string>>; cwd?: string; stdoutFile?: string } = {},
): Promise<{ stdout: string; peakMemoryMb: number | null }> {
  const file = options.stdoutFile === undefined ? undefined : openSync(options.stdoutFile, 'w');
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', file ?? 'pipe', 'pipe'],
  });
  if (file !== undefined) closeSync(file);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-4_000)));
  let peak: number | null = null;
  const sample = (): void => {
    const now = child.pid === undefined ? null : peakMemoryMb(child.pid);
    if (now !== null) peak = Math.max(peak ?? 0, now);
  };
  const timer = setInterval(sample, SAMPLE_MS);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) throw new Error(`${command} ended with ${code ?? 'a signal'}: ${stderr.trim() || stdout.slice(-1_000)}`);
    return { stdout, peakMemoryMb: peak };
  } finally {
    clearInterval(timer);
  }
}

/** The JSON object on the last line that is one. */
export function lastJson(stdout: string): Record<string, unknown> {
  const line = stdout
    .split('\n')
    .reverse()
    .find((text) => text.startsWith('{'));
  if (line === undefined) throw new Error(`no result was printed: ${stdout.slice(-1_000)}`);
  return JSON.parse(line) as Record<string, unknown>;
}
