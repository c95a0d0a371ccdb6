const BAR_WIDTH = 40;
const PLAIN_EVERY_MS = 2_000;

export interface Progress {
  /** Shows how far it is; in a terminal one line that is drawn over, elsewhere a plain line every two seconds. */
  show(done: number, total: number, note: string): void;
  /** A line of its own, above the bar. */
  say(line: string): void;
  end(): void;
}

const count = (n: number): string => n.toLocaleString('en-US');

export function progressBar(out: NodeJS.WriteStream, now: () => number = Date.now): Progress {
  const terminal = out.isTTY;
  let drawn = '';
  let plainAt = 0;
  const clear = (): void => {
    if (terminal && drawn !== '') out.write('\r\x1b[K');
  };
  return {
    show(done, total, note) {
      const share = total === 0 ? 1 : Math.min(1, done / total);
      const filled = Math.round(share * BAR_WIDTH);
      const line = `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${String(Math.floor(share * 100)).padStart(3)} %  ${count(done)} of ${count(total)} rows  ${note}`;
      if (terminal) {
        if (line === drawn) return;
        clear();
        out.write(line);
        drawn = line;
      } else if (now() - plainAt >= PLAIN_EVERY_MS) {
        plainAt = now();
        out.write(`  ${Math.floor(share * 100)} %  ${count(done)} of ${count(total)} rows  ${note}\n`);
      }
    },
    say(line) {
      clear();
      out.write(`${line}\n`);
      if (terminal && drawn !== '') out.write(drawn);
    },
    end() {
      clear();
      drawn = '';
    },
  };
}
