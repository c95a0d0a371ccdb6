import { spawn } from 'node:child_process';

/**
 * Runs a command, passing its output through, and remembers the end of it. `hold`: the output comes in one piece when it has ended, for what runs beside others.
 * @returns {Promise<{code: number, tail: string[], seconds: number}>} exit code (128+ for a signal) and the last 200 lines
 */
export function runStep(command, args, { env = {}, cwd = process.cwd(), hold = false } = {}) {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let tail = [];
    let rest = '';
    const held = [];
    const take = (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      tail = [...tail, ...lines].slice(-200);
    };
    for (const [stream, out] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      stream.setEncoding('utf8');
      stream.on('data', (chunk) => {
        if (hold) held.push([out, chunk]);
        else out.write(chunk);
        take(chunk);
      });
    }
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (rest !== '') tail.push(rest);
      for (const [out, chunk] of held) out.write(chunk);
      resolve({ code: code ?? (signal === 'SIGINT' ? 130 : 137), tail, seconds: (performance.now() - started) / 1000 });
    });
  });
}

/** Reads a closing line `N passed, N failed[, N skipped]`. */
export function closingLine(tail) {
  for (const line of [...tail].reverse()) {
    const match = /(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/.exec(line);
    if (match) return { passed: Number(match[1]), failed: Number(match[2]), skipped: Number(match[3] ?? 0) };
  }
  return undefined;
}
