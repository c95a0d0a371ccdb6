export { compareCursors, cursorValue, type CompareCursors, type CursorOrder, type CursorValue } from './compare-cursor.js';
export { ChunkCutter, type ChunkLimits } from './chunk-cutter.js';
export { ReadAhead, type Next } from './read-ahead.js';
export { recordsOf, rowsOf } from './page.js';
