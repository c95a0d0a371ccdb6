import type { Output } from './source-files.js';

/** Messages to stdout, waiting for a slow reader; words to stderr. A reader that went away (`| head`) ends the program quietly. */
export function processOutput(): Output {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    write: (lines) =>
      new Promise((resolve) => {
        if (process.stdout.write(lines)) resolve();
        else process.stdout.once('drain', resolve);
      }),
    log: (line) => console.error(line),
  };
}
