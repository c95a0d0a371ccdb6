import type { CursorWindow } from '../cursors/cursor.js';

/** A part of a slice's window, in the cursor's own format. `depth`: how often it was split. */
export interface WindowPart {
  start: string;
  end: string;
  depth: number;
}

/** A window's requests for a part of it: its first value is where it starts, its second where it ends. */
export function windowOf(window: CursorWindow, { start, end }: Pick<WindowPart, 'start' | 'end'>): CursorWindow {
  const values = Object.fromEntries(
    Object.entries(window.values).map(([name, value], index) => [name, like(value, index === 0 ? start : end)]),
  );
  return { ...window, values, start, end };
}

const like = (value: string | number, text: string): string | number => (typeof value === 'number' ? Number(text) : text);
